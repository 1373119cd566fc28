import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environmentOf, execFormOf, stagesOf, textsOf, type Stage } from '../support/dockerfile.ts';
import { postJson, sseData } from '../support/sse.ts';

/**
 * What docker/Dockerfile does, without a container engine: its context, the RUN steps of its build stage, the
 * environment, user, entry point and health check of its last stage, all as they stand there.
 */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const [buildStage, lastStage] = stagesOf(readFileSync(join(ROOT, 'docker/Dockerfile'), 'utf8')) as [
  Stage,
  Stage,
];
/** As `USER` has it; who is not root can only be himself. */
const identity = process.getuid?.() === 0 ? userOf(lastStage) : {};

let folder: string;
let app: string;

function userOf(stage: Stage): { uid: number; gid: number } {
  const [uid = NaN, gid = NaN] = (textsOf(stage, 'USER')[0] ?? '').split(':').map(Number);
  return { uid, gid };
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tokenflare-image-'));
  // Another user runs what is built here.
  chmodSync(folder, 0o755);
  const context = join(folder, 'build');
  app = join(folder, 'app');
  for (const name of contextNames()) {
    cpSync(join(ROOT, name), join(context, name), { recursive: true, preserveTimestamps: true });
  }
  lendDependencies(context);
  for (const step of textsOf(buildStage, 'RUN')) {
    const command = step.replaceAll('/app', app);
    const { status, stderr, stdout } = spawnSync('sh', ['-c', command], { cwd: context, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${command} failed:\n${stdout}${stderr}`);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Spares the build stage `npm ci`, which the suite's own set-up has run; where links cannot be made, it runs. */
function lendDependencies(context: string): void {
  const { status } = spawnSync('cp', ['-al', join(ROOT, 'node_modules'), context]);
  if (status !== 0) rmSync(join(context, 'node_modules'), { recursive: true, force: true });
}

function contextNames(): string[] {
  const lines = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
  return lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
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
    ]);
    const { packages } = JSON.parse(readFileSync(join(app, 'node_modules/.package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: boolean }>;
    };
    expect(Object.keys(packages)).toContain('node_modules/hono');
    expect(Object.entries(packages).filter(([, { dev }]) => dev)).toEqual([]);
    expect(
      readdirSync(join(app, 'node_modules/webgpu/dist')).filter((name) => /^(win|darwin)/.test(name)),
    ).toEqual([]);
    const files = readdirSync(app, { recursive: true, encoding: 'utf8' });
    expect(files.filter((name) => /(\.map|\.d\.ts)$/.test(name))).toEqual([]);
    expect(files.filter((name) => name.startsWith('dist/') && name.endsWith('.ts'))).toEqual([]);
  });

  it('serves as another user, is healthy, finishes a stream on SIGTERM, and exits 0', async () => {
    const port = await freePort();
    const environment = {
      ...environmentOf(lastStage),
      PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
      PORT: String(port),
      RUNTIME: 'wasm',
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

      const url = `http://127.0.0.1:${port}`;
      const body = { prompt: 'The river', max_tokens: 400, ignore_eos: true, stream: true };
      const stream = await postJson(`${url}/v1/completions`, body);
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
  });
});

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
