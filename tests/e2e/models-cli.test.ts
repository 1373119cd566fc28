import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { loadModel } from '../../src/model/load-model.ts';
import { startRuntime } from '../../src/runtime/start-runtime.ts';
import { fixturePath } from '../support/fixtures.ts';
import { ggufRepository, tinyRepository } from '../support/hub-models.ts';
import { HubServer, type HubContent } from '../support/hub-server.ts';
import { build } from '../support/process.ts';
import { until } from '../support/service.ts';
import { tempDirectory } from '../support/temp-directory.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ID = 'owner/tiny';
const WEIGHTS = 'model.safetensors';
const TOKEN = 'hf_secret';

interface Finished {
  readonly status: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
}

class Cli {
  readonly hub: HubServer;
  readonly modelsDir = join(tempDirectory(), 'models');
  readonly folder = join(this.modelsDir, 'owner--tiny');

  constructor(hub: HubServer) {
    this.hub = hub;
  }

  static async start(files: Record<string, HubContent> = tinyRepository()): Promise<Cli> {
    const hub = await HubServer.start(onTestFinished);
    hub.commit(ID, files);
    return new Cli(hub);
  }

  run(...args: string[]): Promise<Finished> {
    return this.spawn(...args).finished;
  }

  spawn(...args: string[]): Running {
    const child = spawn(process.execPath, ['dist/src/cli/main.js', ...args], {
      cwd: ROOT,
      env: {
        ...process.env,
        MODELS_DIR: this.modelsDir,
        HF_ENDPOINT: `${this.hub.endpoint}/`,
        HF_TOKEN: TOKEN,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    const finished = once(child, 'close').then(([code, signal]) => ({
      status: (code ?? signal) as number | NodeJS.Signals | null,
      ...output,
    }));
    return { child, finished };
  }

  /** A pull that has so many bytes of the weights on disk, and waits for more. */
  async spawnHalfPull(numBytes: number): Promise<Running> {
    this.hub.faults.hold = { path: WEIGHTS, afterBytes: numBytes };
    const running = this.spawn('pull', ID);
    await until(() => this.partBytes() === numBytes);
    return running;
  }

  partBytes(): number {
    const staging = join(this.modelsDir, '.partial', 'owner--tiny');
    if (!existsSync(staging)) return 0;
    const part = readdirSync(staging).find((name) => name.startsWith(WEIGHTS));
    return part === undefined ? 0 : statSync(join(staging, part)).size;
  }

  /** From which byte on the weights were asked for, last. */
  lastRange(): string | undefined {
    return this.hub.requests.findLast(({ server, url }) => server === 'cdn' && url.endsWith(WEIGHTS))?.range;
  }
}

beforeAll(build);

describe('tokenflare pull, list, show, rm', () => {
  it('pulls a model, lists it, shows it, verifies it, removes it', async () => {
    const cli = await Cli.start();
    const pulled = await cli.run('pull', ID);
    expect(pulled).toMatchObject({
      status: 0,
      stdout: `${ID} is there: 'tokenflare serve ${ID}' serves it\n`,
    });
    expect(pulled.stderr).toMatch(/^owner\/tiny at [0-9a-f]{40}, 3 files\nconfig\.json, 325 B\n/);
    expect(pulled.stderr).toMatch(/\nmodel\.safetensors, 170 kB\n(\d+ %, .*\n)*100 %, 183 kB of 183 kB\n$/);
    expect((await cli.run('pull', ID)).stdout).toContain('is there already');

    const { stdout: list } = await cli.run('list');
    expect(list).toMatch(
      /owner\/tiny │ gpt2 +│ safetensors F32 │ 183 kB │ [0-9a-f]{12} │ \d{4}-\d\d-\d\d \d\d:\d\d/,
    );
    const { stdout: shown } = await cli.run('show', ID);
    for (const line of [
      /^context +128$/m,
      /^layers +2$/m,
      /^tokenizer +tokenizer.json$/m,
      /^chat template +no$/m,
    ])
      expect(shown).toMatch(line);
    expect(await cli.run('verify')).toMatchObject({ status: 0, stdout: `${ID} is as it was pulled\n` });

    expect(await cli.run('rm', ID)).toMatchObject({ status: 0, stdout: `${ID} is removed\n` });
    expect(existsSync(cli.folder)).toBe(false);
    expect(await cli.run('list')).toMatchObject({ status: 0, stdout: '' });
    expect(await cli.run('rm', ID)).toMatchObject({ status: 1, stdout: '' });
  });

  it('says the same as JSON', async () => {
    const cli = await Cli.start(ggufRepository());
    const id = `${ID}:tiny-gpt2-F16.gguf`;
    const json = async (...args: string[]): Promise<unknown> =>
      JSON.parse((await cli.run(...args, '--json')).stdout) as unknown;
    expect(await json('pull', `${ID}:F16`)).toMatchObject({ id, was_there: false, size_bytes: 102_848 });
    expect(await json('list')).toMatchObject([
      {
        id,
        pulled_at: expect.stringMatching(/^\d{4}-.*Z$/) as string,
        description: { format: 'GGUF F16, F32' },
      },
    ]);
    expect(await json('show', ID)).toMatchObject({
      id,
      architecture: 'gpt2',
      context_length: 128,
      num_layers: 2,
      vocab_size: 384,
      tokenizer: 'gpt2, gpt-2',
      has_chat_template: false,
      files: [{ path: 'tiny-gpt2-F16.gguf', size: 102_848 }],
    });
    expect(await json('verify')).toEqual([{ id, is_pulled: true, differences: [] }]);
    expect(await json('rm', id)).toEqual({ id, removed: true });
  });

  it('pulls what loadModel loads, with the numbers it was made of', async () => {
    const cli = await Cli.start();
    expect((await cli.run('pull', ID)).status).toBe(0);
    const runtime = await startRuntime('cpu', { numThreads: 1, weights: 'f32' });
    try {
      const pulled = await loadModel(cli.folder, runtime);
      const original = await loadModel(fixturePath('tiny-gpt2'), runtime);
      expect(pulled.config).toEqual(original.config);
      expect(pulled.numParameters).toBe(original.numParameters);
    } finally {
      await runtime.dispose();
    }
  });

  it('names the files where a repository has several, and what is wrong with a command', async () => {
    const cli = await Cli.start(ggufRepository());
    const several = await cli.run('pull', ID);
    expect(several.status).toBe(1);
    expect(several.stderr).toBe(
      `${ID} has several GGUF files; name one, as in ${ID}:tiny-gpt2-Q8_0.gguf\n` +
        '     68.3 kB  tiny-gpt2-Q8_0.gguf\n      103 kB  tiny-gpt2-F16.gguf\n',
    );
    for (const [args, code, message] of [
      [['pull', 'tiny'], 1, /^"tiny" names no model of the hub: write owner\/name/],
      [['pull'], 2, /^tokenflare: missing required argument 'model'/],
      [['toString'], 2, /^tokenflare: unknown command 'toString'/],
      [['show', 'absent'], 1, /^there is no model 'absent' in /],
      [
        ['list', '--jsno'],
        2,
        /^tokenflare: unknown option '--jsno'\n\(Did you mean --json\?\)\n'tokenflare list --help'/,
      ],
    ] as const) {
      const { status, stderr } = await cli.run(...args);
      expect(status).toBe(code);
      expect(stderr).toMatch(message);
      expect(stderr).not.toMatch(/^\s+at /m);
    }
  });

  it('never shows the token, and shows what a terminal would obey as what it is', async () => {
    const config = JSON.parse(tinyRepository()['config.json']!.bytes.toString()) as object;
    const cli = await Cli.start({
      ...tinyRepository(),
      'config.json': { bytes: Buffer.from(JSON.stringify({ ...config, model_type: '\u001b[31mred' })) },
    });
    cli.hub.faults.refuse = { path: WEIGHTS, status: 403 };
    const refused = await cli.run('pull', ID);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/HF_TOKEN may not read it/);
    cli.hub.faults = {};
    const outputs = [refused, await cli.run('pull', ID), await cli.run('list'), await cli.run('show', ID)];
    expect(outputs.at(-1)?.stdout).toContain('architecture   \ufffd[31mred\n');
    for (const { stdout, stderr } of outputs) {
      expect(stdout + stderr).not.toContain(TOKEN);
      expect(stdout + stderr).not.toContain('\u001b');
    }
    expect(cli.hub.requests.some(({ authorization }) => authorization === `Bearer ${TOKEN}`)).toBe(true);
  });
});

describe('tokenflare verify', () => {
  it('finds the byte that was flipped, the file that is gone, and the one that was added', async () => {
    const cli = await Cli.start();
    await cli.run('pull', ID);
    const bytes = readFileSync(join(cli.folder, WEIGHTS));
    bytes[100_000]! ^= 1;
    writeFileSync(join(cli.folder, WEIGHTS), bytes);
    const flipped = await cli.run('verify', ID);
    expect(flipped.status).toBe(1);
    expect(flipped.stdout).toMatch(
      /^owner\/tiny is not as it was pulled; .*:\n {2}model\.safetensors: its SHA-256 is [0-9a-f]{64}, and was [0-9a-f]{64}\n$/,
    );
    spawnSync('rm', [join(cli.folder, 'config.json')]);
    writeFileSync(join(cli.folder, 'chat_template.jinja'), '');
    const all = await cli.run('verify');
    expect(all.status).toBe(1);
    expect(all.stdout).toMatch(/config\.json: it cannot be read.*ENOENT/);
    expect(all.stdout).toMatch(/chat_template\.jinja: it was not pulled/);
    const listed = await cli.run('list');
    expect(listed.stdout).toBe('');
    expect(listed.stderr).toMatch(
      /owner\/tiny is not served: .*config\.json is missing; pull the model again/,
    );
    expect((await cli.run('pull', ID)).status).toBe(0);
    expect(await cli.run('verify', ID)).toMatchObject({ status: 0 });
  });
});

describe('a pull that is ended', () => {
  it('by kill -9 has left nothing to serve, and goes on where it stopped', async () => {
    const cli = await Cli.start();
    const { child, finished } = await cli.spawnHalfPull(100_000);
    child.kill('SIGKILL');
    expect((await finished).status).toBe('SIGKILL');
    cli.hub.release();
    expect(await cli.run('list')).toMatchObject({
      stdout: '',
      stderr: expect.stringContaining(`${ID} is not whole yet: pull it again to go on`) as string,
    });
    expect((await cli.run('pull', ID)).status).toBe(0);
    expect(cli.lastRange()).toBe('bytes=100000-');
    expect(await cli.run('verify', ID)).toMatchObject({ status: 0 });
  });

  it('by Ctrl-C says how to go on, and does', async () => {
    const cli = await Cli.start();
    const { child, finished } = await cli.spawnHalfPull(60_000);
    child.kill('SIGINT');
    const stopped = await finished;
    expect(stopped.status).toBe(130);
    expect(stopped.stderr).toMatch(/\nstopped; the same command goes on from here\n$/);
    cli.hub.release();
    expect((await cli.run('pull', ID)).status).toBe(0);
    expect(cli.lastRange()).toBe('bytes=60000-');
  });

  it('can be given up by rm', async () => {
    const cli = await Cli.start();
    const { child, finished } = await cli.spawnHalfPull(60_000);
    expect(await cli.run('rm', ID)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('is being pulled by process') as string,
    });
    child.kill('SIGKILL');
    await finished;
    expect(await cli.run('rm', ID)).toMatchObject({ status: 0, stdout: `${ID} is removed\n` });
    expect(cli.partBytes()).toBe(0);
  });

  it('is not ended by a second one beside it, which says so', async () => {
    const cli = await Cli.start();
    const { child, finished } = await cli.spawnHalfPull(60_000);
    expect(await cli.run('pull', ID)).toMatchObject({
      status: 1,
      stderr: `${ID} is being pulled by process ${child.pid} already; wait for it, or end it and pull again\n`,
    });
    cli.hub.release();
    expect((await finished).status).toBe(0);
    expect(await cli.run('verify', ID)).toMatchObject({ status: 0 });
  });
});
