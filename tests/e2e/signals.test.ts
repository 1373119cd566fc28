import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { childrenOf, freePort, isAlive, urlOf, useServices } from '../support/process.ts';
import { TINY_MODEL, until } from '../support/service.ts';
import { postJson, sseData } from '../support/sse.ts';
import { tempDirectory } from '../support/temp-directory.ts';

const start = useServices();

const body = { prompt: 'The river', max_tokens: 120, temperature: 0, ignore_eos: true, stream: true };

/** The frames of a stream during which something is done once it runs. */
async function framesWhile(url: string, act: () => void): Promise<string[]> {
  const frames: string[] = [];
  for await (const data of sseData(await postJson(`${url}/v1/completions`, body))) {
    if (frames.push(data) === 2) act();
  }
  return frames;
}

const isListening = (url: string): Promise<boolean> =>
  fetch(`${url}/health`).then(
    ({ ok }) => ok,
    () => false,
  );

async function expectNoneLeft(pids: readonly number[]): Promise<void> {
  expect(pids.length).toBeGreaterThan(0);
  await until(() => !pids.some(isAlive));
}

describe.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s', (signal) => {
  it('lets a running stream finish and exits 0', async () => {
    // The slow runtime, so that there is time to look.
    const service = start({ RUNTIME: 'cpu' });
    const url = await urlOf(service);
    const children = childrenOf(service.child.pid ?? NaN);
    const frames = await framesWhile(url, () => service.child.kill(signal));
    expect(frames.at(-1)).toBe('[DONE]');
    expect(await service.exited).toBe(0);
    await expectNoneLeft(children);
  });

  it('ends a service whose default model is loading', async () => {
    const port = await freePort();
    const service = start({ MODEL: '', PORT: port });
    await until(() => isListening(`http://127.0.0.1:${port}`));
    let children: number[] = [];
    await until(() => (children = childrenOf(service.child.pid ?? NaN, 'engine-worker')).length > 0);
    service.child.kill(signal);
    expect(await service.exited).toBe(0);
    await expectNoneLeft(children);
  });
});

it('serves on for DRAIN_DELAY while /ready tells proxies that it stops', async () => {
  const service = start({ DRAIN_DELAY: '3' });
  const url = await urlOf(service);
  const readiness = async (): Promise<number> => (await fetch(`${url}/ready`)).status;
  expect(await readiness()).toBe(200);
  service.child.kill('SIGTERM');
  await until(async () => (await readiness()) === 503);
  const answer = await postJson(`${url}/v1/completions`, { ...body, stream: false, max_tokens: 2 });
  expect(answer.status).toBe(200);
  expect(await service.exited).toBe(0);
  expect(service.stderr()).toContain('Tokenflare serves on for 3 s, then stops');
});

it('ends at once on a second signal, while it serves on', async () => {
  const service = start({ DRAIN_DELAY: '600' });
  const url = await urlOf(service);
  service.child.kill('SIGTERM');
  await until(async () => (await fetch(`${url}/ready`)).status === 503);
  service.child.kill('SIGTERM');
  expect(await service.exited).toBe(1);
});

it('ends before it has begun anything', async () => {
  const service = start();
  service.child.kill('SIGTERM');
  // Before there is a handler the signal itself ends it.
  expect([0, 'SIGTERM']).toContain(await service.exited);
});

it('ends while the process of its engine starts', async () => {
  const service = start();
  let children: number[] = [];
  await until(() => (children = childrenOf(service.child.pid ?? NaN, 'engine-worker')).length > 0);
  service.child.kill('SIGTERM');
  expect(await service.exited).toBe(0);
  await expectNoneLeft(children);
});

it('ends at once on a second signal, while it drains', async () => {
  const service = start({ RUNTIME: 'cpu' });
  const url = await urlOf(service);
  const children = childrenOf(service.child.pid ?? NaN);
  const stream = framesWhile(url, () => {
    service.child.kill('SIGTERM');
    void until(async () => (await fetch(`${url}/ready`)).status === 503).then(() =>
      service.child.kill('SIGTERM'),
    );
  });
  await expect(stream).rejects.toThrow();
  expect(await service.exited).toBe(1);
  await expectNoneLeft(children);
});

it('ends within its time although an engine is stopped, and leaves no process', async () => {
  const service = start({ SHUTDOWN_TIMEOUT: '0.1' });
  await urlOf(service);
  const [engine = NaN] = childrenOf(service.child.pid ?? NaN, 'engine-worker');
  process.kill(engine, 'SIGSTOP');
  service.child.kill('SIGTERM');
  expect(await service.exited).toBe(0);
  expect(isAlive(engine)).toBe(false);
});

it('ends on SIGTERM while it unloads one model for another', async () => {
  const folder = tempDirectory();
  for (const id of ['a', 'b']) cpSync(TINY_MODEL, join(folder, id), { recursive: true });
  const service = start({ MODELS_DIR: folder, MODEL_IDLE_SECONDS: '0.001' });
  const url = await urlOf(service);
  const request = { model: 'a', prompt: 'The river', max_tokens: 2 };
  expect((await postJson(`${url}/v1/completions`, request)).status).toBe(200);
  const children = childrenOf(service.child.pid ?? NaN);
  service.child.kill('SIGTERM');
  expect(await service.exited).toBe(0);
  await expectNoneLeft(children);
});

it('logs an error that was not foreseen, and exits 1 without its children', async () => {
  const service = start({
    NODE_OPTIONS: `--import=${new URL('../support/throw-on-signal.mjs', import.meta.url).href}`,
  });
  await urlOf(service);
  const children = childrenOf(service.child.pid ?? NaN);
  service.child.kill('SIGUSR2');
  expect(await service.exited).toBe(1);
  const line = service.stdout().trimEnd().split('\n').at(-1) ?? '';
  const stack = expect.stringMatching(/at .*throw-on-signal\.mjs:\d+:\d+/) as string;
  expect(JSON.parse(line)).toMatchObject({ level: 60, err: { type: 'Error', stack } });
  // It could be a text of a client.
  expect(service.stdout() + service.stderr()).not.toContain('thrown by a test');
  await expectNoneLeft(children);
});
