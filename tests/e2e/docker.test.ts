import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environmentOf, execFormOf, stagesOf, textsOf, type Stage } from '../support/dockerfile.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';
import { postJson, sseData } from '../support/sse.ts';

/**
 * What the Dockerfiles do, without a container engine: the context, the RUN steps of the stages that build, the
 * environment, user, entry point and health check of the last stage, all as they stand there.
 */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const [buildStage, lastStage] = stagesOf(textOf('docker/Dockerfile')) as [Stage, Stage];
/** As `USER` has it; who is not root can only be himself. */
const identity = process.getuid?.() === 0 ? userOf(lastStage) : {};

let folder: string;
let app: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tokenflare-image-'));
  // Another user runs what is built here.
  chmodSync(folder, 0o755);
  app = join(folder, 'app');
  const context = join(folder, 'build');
  copy(contextNames(), context);
  lend('node_modules', context);
  for (const step of textsOf(buildStage, 'RUN')) run(step.replaceAll('/app', app), context);
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

function userOf(stage: Stage): { uid: number; gid: number } {
  const [uid = NaN, gid = NaN] = (textsOf(stage, 'USER')[0] ?? '').split(':').map(Number);
  return { uid, gid };
}

function contextNames(): string[] {
  const lines = textOf('.dockerignore').split('\n');
  return lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
}

/** With their times, by which the set-up tells what is fresh. */
function copy(names: readonly string[], into: string): void {
  for (const name of names) {
    cpSync(join(ROOT, name), join(into, name), { recursive: true, preserveTimestamps: true });
  }
}

/** Spares a step what the suite's own set-up has fetched; where links cannot be made, the step fetches it. */
function lend(name: string, into: string): void {
  const { status } = spawnSync('cp', ['-al', join(ROOT, name), into]);
  if (status !== 0) rmSync(join(into, name), { recursive: true, force: true });
}

function run(command: string, cwd: string): void {
  const { status, stderr, stdout } = spawnSync('sh', ['-c', command], { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} failed:\n${stdout}${stderr}`);
}

describe('the assembled service', () => {
  it('holds what runs, and nothing that builds', () => {
    expect(readdirSync(app).sort()).toEqual([
      'LICENSE',
      'dist',
      'model-weights',
      'node_modules',
      'openapi.yaml',
      'package.json',
      'prebuilds',
    ]);
    expect(readdirSync(join(app, 'prebuilds'))).toEqual([`linux-${process.arch}`]);
    const { packages } = JSON.parse(readFileSync(join(app, 'node_modules/.package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: boolean }>;
    };
    expect(Object.keys(packages)).toContain('node_modules/hono');
    expect(Object.entries(packages).filter(([, { dev }]) => dev)).toEqual([]);
    expect(existsSync(join(app, 'node_modules/webgpu'))).toBe(false);
    const files = readdirSync(app, { recursive: true, encoding: 'utf8' });
    expect(files.filter((name) => /(\.map|\.d\.ts)$/.test(name))).toEqual([]);
    expect(files.filter((name) => name.startsWith('dist/') && name.endsWith('.ts'))).toEqual([]);
  });

  it('has Dawn where it is asked for, for its own platform alone', () => {
    const withDawn = join(folder, 'with-webgpu');
    const [step = ''] = textsOf(buildStage, 'RUN');
    const assemble = step.split(' && ').at(-1) ?? '';
    run(`WEBGPU=on; ${assemble.replace('/app', withDawn)}`, join(folder, 'build'));
    expect(readdirSync(join(withDawn, 'node_modules/webgpu/dist'))).toEqual([`linux-${process.arch}`]);
  });

  it('does not serve everybody unless it is told to', () => {
    const [command = '', ...args] = execFormOf(lastStage, 'ENTRYPOINT');
    const env = { ...environmentOf(lastStage), PATH: `${dirname(process.execPath)}:/usr/bin:/bin` };
    const { status, stderr } = spawnSync(command, args, { cwd: app, env, ...identity, encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toContain('there are no API keys');
  });

  it('serves as another user, is healthy, finishes a stream on SIGTERM, and exits 0', () =>
    serveAndStop({ RUNTIME: 'wasm' }));

  it.runIf(RUNTIME_NAMES_HERE.includes('native'))('serves by the native kernels that it came with', () =>
    serveAndStop({ RUNTIME: 'native' }),
  );
});

// With the library for the processor, since a GPU is not everywhere; what works here, the set-up of the suite says.
describe.runIf(RUNTIME_NAMES_HERE.includes('tensorflow'))('docker/Dockerfile.cuda', () => {
  it('puts TensorFlow beside the service, and it serves', async () => {
    const stage = stagesOf(textOf('docker/Dockerfile.cuda')).find(({ name }) => name === 'tensorflow');
    if (stage === undefined) throw new Error('there is no stage tensorflow');
    const context = join(folder, 'tensorflow');
    copy(
      textsOf(stage, 'COPY').map((text) => text.split(' ')[0] ?? ''),
      context,
    );
    lend('.tensorflow', context);
    const steps = textsOf(stage, 'RUN').filter((step) => step.includes('docker/'));
    expect(steps).toEqual(['sh docker/tensorflow.sh --gpu']);
    run('sh docker/tensorflow.sh', context);
    expect(existsSync(join(context, '.tensorflow/npm/node_modules/node-api-headers'))).toBe(false);
    for (const name of ['.tensorflow', 'node_modules']) run(`cp -al ${name} ${app}`, context);

    await serveAndStop({ RUNTIME: 'tensorflow' });
  });
});

/** Starts the service as the image does, streams from it, and stops it in the middle. */
async function serveAndStop(settings: Record<string, string>): Promise<void> {
  const port = await freePort();
  const environment = {
    ...environmentOf(lastStage),
    PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
    PORT: String(port),
    // As compose.yaml has it.
    ALLOW_ANONYMOUS: 'on',
    ...settings,
  };
  const [command = '', ...args] = execFormOf(lastStage, 'ENTRYPOINT');
  const service = spawn(command, args, { cwd: app, env: environment, ...identity, stdio: 'pipe' });
  const exited = once(service, 'exit');
  let written = '';
  service.stderr.setEncoding('utf8').on('data', (text: string) => (written += text));
  service.stdout.resume();
  try {
    while (!(await isHealthy(environment))) {
      if (service.exitCode !== null) throw new Error(`the service ended:\n${written}`);
    }
    const page = await fetch(`http://127.0.0.1:${port}/`);
    expect(page.headers.get('content-type')).toContain('text/html');
    const body = { prompt: 'The river', max_tokens: 400, ignore_eos: true, stream: true };
    const stream = await postJson(`http://127.0.0.1:${port}/v1/completions`, body);
    const frames: string[] = [];
    for await (const data of sseData(stream)) {
      if (frames.push(data) === 1) service.kill('SIGTERM');
    }
    expect(frames.at(-1)).toBe('[DONE]');
    expect(await exited).toEqual([0, null]);
    expect(await isHealthy(environment)).toBe(false);
  } finally {
    service.kill('SIGKILL');
  }
}

/** The health check as the image has it. */
async function isHealthy(environment: Record<string, string>): Promise<boolean> {
  const [command = '', ...args] = execFormOf(lastStage, 'HEALTHCHECK');
  const check = spawn(command, args, { cwd: app, env: environment, ...identity, stdio: 'ignore' });
  const [status] = (await once(check, 'exit')) as [number | null];
  return status === 0;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
