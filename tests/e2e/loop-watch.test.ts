import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  childrenOf,
  freePort,
  isAlive,
  urlOf,
  useServices,
  type ServiceProcess,
} from '../support/process.ts';
import { metric, until } from '../support/service.ts';
import { postJson, sseData } from '../support/sse.ts';
import { tempDirectory } from '../support/temp-directory.ts';

/** The service process watches itself: its event loop, and its memory. */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HURT = `--import=${new URL('../support/hurt-service.mjs', import.meta.url).href}`;
const SECRET = 'The river of Samarkand';
const STREAM = { prompt: SECRET, max_tokens: 480, ignore_eos: true, stream: true };
const start = useServices();

interface Dump {
  level: number;
  msg: string;
  exitCode: number;
  stack: string | { function: string; location: string }[];
  openRequests: number;
  requests: { id: string; route: string; phase: string; bodyBytes: number }[];
}

/** The line that a process wrote before it was ended. */
const dumpOf = (stderr: string): Dump | undefined => {
  const line = stderr.split('\n').find((one) => one.includes('the event loop has not turned'));
  return line === undefined ? undefined : (JSON.parse(line) as Dump);
};

const complete = (url: string): Promise<Response> =>
  postJson(`${url}/v1/completions`, { prompt: SECRET, max_tokens: 2 });

/** Starts a stream that goes on for as long as the service does, and returns when it has begun. */
async function stream(url: string, id: string): Promise<void> {
  const response = await fetch(`${url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': id },
    body: JSON.stringify(STREAM),
  });
  const frames = sseData(response);
  await frames.next();
}

/** Hurts a service in the middle of a stream and waits for its end. */
async function endBy(
  service: ServiceProcess,
  signal: NodeJS.Signals,
): Promise<{ status: number | NodeJS.Signals | null; dump: Dump | undefined }> {
  const url = await urlOf(service);
  await complete(url);
  const children = childrenOf(service.child.pid ?? NaN);
  expect(children.length).toBeGreaterThan(1);
  await stream(url, 'request-in-the-dump');
  service.child.kill(signal);
  const status = await service.exited;
  await until(() => !children.some(isAlive));
  return { status, dump: dumpOf(service.stderr()) };
}

describe('a service whose event loop does not turn', () => {
  // The embedded model on the slow runtime: the stream is still there when the loop stops.
  const settings = { MODEL: '', RUNTIME: 'cpu', LOOP_TIMEOUT: '3', NODE_OPTIONS: HURT };

  it('says what runs and ends with a code of its own, its children with it', async () => {
    const service = start(settings);
    const { status, dump } = await endBy(service, 'SIGUSR2');
    expect(status).toBe(70);
    expect(dump).toMatchObject({ level: 60, exitCode: 70, openRequests: 1 });
    expect(dump?.stack).toContainEqual({
      function: 'endlessLoop',
      location: expect.stringMatching(/^tests\/support\/hurt-service\.mjs:\d+$/) as string,
    });
    expect(dump?.requests).toContainEqual(
      expect.objectContaining({
        id: 'request-in-the-dump',
        route: '/v1/completions',
        phase: 'streaming',
        bodyBytes: JSON.stringify(STREAM).length,
      }),
    );
    expect(service.stderr()).not.toContain('Samarkand');
  });

  it('ends in native code, too', async () => {
    const fifo = join(tempDirectory(), 'fifo');
    spawnSync('mkfifo', [fifo]);
    const { status, dump } = await endBy(start({ ...settings, HURT_FIFO: fifo }), 'SIGVTALRM');
    expect(status).toBe('SIGKILL');
    expect(dump).toMatchObject({ stack: expect.stringContaining('native code') as string, openRequests: 1 });
  });

  it('goes on where the whole process stood still', async () => {
    const service = start(settings);
    const url = await urlOf(service);
    service.child.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 6000));
    service.child.kill('SIGCONT');
    // For longer than the timeout, it serves.
    for (let i = 0; i < 4; i++) {
      expect((await complete(url)).status).toBe(200);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    expect(service.stderr()).not.toContain('has not turned');
  });

  it('is started again by a plain supervisor', async () => {
    const port = await freePort();
    const supervised = spawn(
      'sh',
      ['-c', 'while true; do node dist/src/cli/main.js & echo "pid $!"; wait $!; echo "ended $?"; done'],
      {
        cwd: ROOT,
        env: { ...process.env, ...settings, BENCHMARK_RESULTS: 'memory', GATEWAY_LOGS: 'memory', PORT: port },
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    let said = '';
    supervised.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    const pids = (): number[] => [...said.matchAll(/^pid (\d+)$/gm)].map(([, pid]) => Number(pid));
    onTestFinished(async () => {
      supervised.kill('SIGKILL');
      await once(supervised, 'exit');
      for (const pid of pids().filter(isAlive)) process.kill(pid, 'SIGKILL');
    });
    const url = `http://127.0.0.1:${port}`;
    const answers = (): Promise<boolean> =>
      complete(url).then(
        ({ status }) => status === 200,
        () => false,
      );
    await until(answers);
    process.kill(pids().at(-1) ?? NaN, 'SIGUSR2');
    await until(() => said.includes('ended 70'));
    await until(answers);
    expect(pids()).toHaveLength(2);
  });
});

it('a service that is short of memory refuses what is new, and serves again when it is not', async () => {
  const service = start({ MODEL: '', NODE_OPTIONS: `${HURT} --max-old-space-size=128` });
  const url = await urlOf(service);
  const pid = service.child.pid ?? NaN;
  const isShort = async (): Promise<boolean> => (await metric(url, 'tokenflare_memory_short')) === 1;
  expect(await isShort()).toBe(false);
  process.kill(pid, 'SIGALRM');
  await until(isShort);
  // One is let in, so that the service finds out when it is well; the others wait in vain.
  const slow = await postJson(`${url}/v1/completions`, STREAM);
  expect(slow.status).toBe(200);
  const refused = await complete(url);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await refused.json()).toMatchObject({ error: { code: 'queue_full' } });
  expect((await fetch(`${url}/health`)).status).toBe(200);
  expect((await fetch(`${url}/ready`)).status).toBe(503);
  await slow.body?.cancel();
  process.kill(pid, 'SIGALRM');
  await until(async () => !(await isShort()));
  expect((await fetch(`${url}/ready`)).status).toBe(200);
  expect((await complete(url)).status).toBe(200);
  expect(service.stdout()).toContain('memory is short');
  // Lines are written together, a little later.
  await until(() => service.stdout().includes('memory is no longer short'));
  expect(service.stdout()).not.toContain('Samarkand');
});
