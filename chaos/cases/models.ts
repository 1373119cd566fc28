import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fixturePath } from '../../tests/support/fixtures.ts';
import { tinyRepository } from '../../tests/support/hub-models.ts';
import { HubServer } from '../../tests/support/hub-server.ts';
import type { ChaosCase } from '../chaos-case.ts';
import type { Scene } from '../scene.ts';
import { expectStatus } from '../support/attack.ts';
import { readMetricsText, sumOf } from '../support/metrics.ts';
import type { Fixtures } from '../support/fixtures.ts';
import type { LaunchOptions } from '../support/service.ts';
import { sleep } from '../support/until.ts';

/** Files that a model's maker wrote, and models that take each other's place. */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const EVIL_TEXT = `${'a'.repeat(41)}!`;

/** The tiny model with a pre-tokenizer whose expression takes for ever on some texts. */
function hostileModels(fixtures: Fixtures): LaunchOptions {
  const directory = fixtures.directory();
  const model = join(directory, 'hostile');
  mkdirSync(model);
  for (const name of ['config.json', 'model.safetensors'])
    cpSync(fixturePath('tiny-gpt2', name), join(model, name));
  const tokenizer = JSON.parse(readFileSync(fixturePath('tiny-gpt2', 'tokenizer.json'), 'utf8')) as object;
  const evil = { type: 'Split', pattern: { Regex: '(a+)+$' }, behavior: 'Isolated', invert: false };
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  const pre_tokenizer = { type: 'Sequence', pretokenizers: [evil, byteLevel] };
  writeFileSync(join(model, 'tokenizer.json'), JSON.stringify({ ...tokenizer, pre_tokenizer }));
  return { settings: { MODELS_DIR: directory, REQUEST_TIMEOUT: '7' } };
}

async function hostileTokenizer(scene: Scene): Promise<void> {
  const client = scene.client();
  const good = { model: 'hostile', prompt: 'The river', max_tokens: 2 };
  expectStatus(scene, [await client.post('/v1/completions', good)], [200], 'a harmless text to that model');
  const attack = Promise.all([
    client.post('/tokenize', { model: 'hostile', prompt: EVIL_TEXT }, { limitMs: 25_000 }),
    client.post('/v1/completions', { ...good, prompt: EVIL_TEXT }, { limitMs: 25_000 }),
    client.post('/v1/embeddings', { model: 'hostile', input: EVIL_TEXT }, { limitMs: 25_000 }),
  ]);
  await sleep(200);
  const honest = scene.client('127.0.0.3');
  const other = await honest.post('/v1/completions', { prompt: 'a', max_tokens: 2 }, { limitMs: 15_000 });
  expectStatus(scene, [other], [200], 'another client, another model');
  expectStatus(scene, await attack, [400, 500, 503, 504], 'a text that the expression never ends on');
  const after = await honest.post('/v1/completions', good, { limitMs: 15_000 });
  expectStatus(scene, [after], [200], 'a harmless text to that model afterwards');
}

function fifoModels(fixtures: Fixtures): LaunchOptions {
  const directory = fixtures.directory();
  const folder = join(directory, 'fifo');
  mkdirSync(folder);
  for (const name of ['tokenflare-model.json', 'config.json', 'tokenizer.json', 'model.safetensors'])
    spawnSync('mkfifo', [join(folder, name)]);
  spawnSync('mkfifo', [join(directory, 'pipe.gguf')]);
  return { settings: { MODELS_DIR: directory } };
}

async function fifoManifest(scene: Scene): Promise<void> {
  const client = scene.client();
  const answers = [
    await client.get('/v1/models', { limitMs: 10_000 }),
    await client.get('/v1/models', { limitMs: 10_000 }),
  ];
  expectStatus(scene, answers, [200], 'the list of models beside a FIFO');
  for (const model of ['fifo', 'pipe.gguf']) {
    const answer = await client.post('/v1/completions', { model, prompt: 'a' }, { limitMs: 10_000 });
    expectStatus(scene, [answer], [400, 404, 500], `the model '${model}', which is a FIFO`);
  }
}

/** Two copies of the embedded model, of which one fits beside the default one. */
function twoModels(fixtures: Fixtures): LaunchOptions {
  const directory = fixtures.directory();
  for (const id of ['one', 'two'])
    cpSync(join(ROOT, 'model-weights'), join(directory, id), { recursive: true });
  return {
    settings: {
      MODELS_DIR: directory,
      MEMORY_LIMIT_MB: '400',
      MODEL_MIN_STAY_SECONDS: '4',
      KV_CACHE_MB: '64',
    },
  };
}

async function alternatingModels(scene: Scene): Promise<void> {
  const endsAt = performance.now() + 8000;
  const numServed: Record<string, number> = { one: 0, two: 0 };
  const ask = async (model: string, address: string): Promise<void> => {
    const client = scene.client(address);
    while (performance.now() < endsAt) {
      const answer = await client.post(
        '/v1/completions',
        { model, prompt: 'a', max_tokens: 2 },
        { limitMs: 30_000 },
      );
      expectStatus(scene, [answer], [200, 503], `the model '${model}'`);
      if (answer.status === 200) numServed[model] = (numServed[model] ?? 0) + 1;
      else await sleep(100);
    }
  };
  await Promise.all([ask('one', '127.0.0.10'), ask('two', '127.0.0.11')]);
  const text = (await readMetricsText(scene.client())) ?? '';
  const numLoads =
    sumOf(text, 'tokenflare_model_loads_total', '"one"') +
    sumOf(text, 'tokenflare_model_loads_total', '"two"');
  scene.notes.push(`${numLoads} loads in 8 s, ${numServed['one']} and ${numServed['two']} requests served`);
  if (numLoads <= 2) scene.notes.push('both fitted');
  scene.expect(numLoads <= 4, `${numLoads} loads in 8 s with MODEL_MIN_STAY_SECONDS=4`);
  scene.expect(
    Object.values(numServed).every((count) => count > 0),
    'one of the two models was never served',
  );
}

async function fullDisk(scene: Scene): Promise<void> {
  const disk = scene.fixtures.directory();
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk]).status !== 0)
    scene.skip('only root may mount a small disk');
  const closers: (() => void)[] = [];
  try {
    const hub = await HubServer.start((close) => closers.push(close));
    const commit = { ...tinyRepository(), 'tokenizer.model': { bytes: Buffer.alloc(1000) } };
    hub.commit('owner/tiny', commit);
    // Another process takes the room after the pull has checked it.
    hub.faults.hold = { path: 'model.safetensors', afterBytes: 50_000 };
    const modelsDir = join(disk, 'models');
    const env = { ...process.env, MODELS_DIR: modelsDir, HF_ENDPOINT: hub.endpoint };
    const child = spawn(process.execPath, ['dist/src/cli/main.js', 'pull', 'owner/tiny'], {
      cwd: ROOT,
      env,
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    while (!hub.isHolding && child.exitCode === null) await sleep(20);
    spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'filler')}`, 'bs=1k']);
    hub.release();
    const status = await ended;
    scene.expect(status === 1, `the pull ended with ${status}`);
    scene.expect(/No space|ENOSPC|room|full/i.test(stderr), `the pull says: ${stderr.slice(-200)}`);
    const { text } = await scene.client().get('/v1/models');
    scene.expect(!text.includes('owner/tiny'), 'half a model is served');
  } finally {
    for (const close of closers) close();
    spawnSync('umount', ['-l', disk]);
  }
}

export const MODEL_CASES: readonly ChaosCase[] = [
  {
    name: 'hostile-tokenizer',
    shows: ['endless-expression'],
    attack: 'a tokenizer with the expression (a+)+$ and the text for it, REQUEST_TIMEOUT=7',
    launch: hostileModels,
    numModelsLeft: 1,
    run: hostileTokenizer,
  },
  {
    name: 'fifo-manifest',
    shows: ['hub'],
    attack: "FIFOs as a model's files and as a model",
    launch: fifoModels,
    run: fifoManifest,
  },
  {
    name: 'alternating-models',
    shows: ['management'],
    attack: 'two clients, each with a model that does not fit beside the other, MODEL_MIN_STAY_SECONDS=4',
    launch: twoModels,
    numModelsLeft: 1,
    run: alternatingModels,
  },
  { name: 'disk-full', shows: ['hub'], attack: 'the disk becomes full during a pull', run: fullDisk },
];
