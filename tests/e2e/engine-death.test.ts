import { describe, expect, it } from 'vitest';
import type { ToWorker } from '../../src/engine/protocol.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';
import { metric, startTestService, until, type TestService } from '../support/service.ts';
import { postJson, sseData } from '../support/sse.ts';

const body = { prompt: 'Once upon a time', max_tokens: 16, temperature: 0, ignore_eos: true };
/** Long enough to be in the middle of it when the engine dies. */
const longBody = { ...body, max_tokens: 480 };

const LOSE_GPU = new URL('../support/lose-gpu.mjs', import.meta.url).href;

const TRAP_WASM = new URL('../support/trap-wasm.mjs', import.meta.url).href;

/** The embedded model, since the tiny one is done before anybody can do it harm. */
const start = (runtime: string, preload?: string): Promise<TestService> =>
  startTestService(
    { RUNTIME: runtime, MODEL: '', ...(runtime === 'wasm' ? { THREADS: '2' } : {}) },
    preload === undefined ? {} : { execArgv: ['--import', preload] },
  );

interface Death {
  death: string;
  die: (service: TestService) => void;
  /** A module that the engine process loads first. */
  preload?: string;
  /** What the client is told, at least. */
  reason?: string;
}

/** Ways for the engine process to go: killed from outside, and a fault thrown inside. */
const DEATHS: Death[] = [
  { death: 'is killed', die: (service) => void service.engineProcess().kill() },
  {
    death: 'throws',
    die: (service) => service.engineProcess().send(JSON.parse('{"type":"nonsense"}') as ToWorker),
  },
];

/** What the preloaded module does: the device goes away in a step or between two, the kernels trap in the next. */
const signal = (service: TestService): void => {
  process.kill(service.engineProcess().pid ?? NaN, 'SIGUSR2');
};

const OF_WEBGPU: Death[] = [{ death: 'loses its device', die: signal, preload: LOSE_GPU }];
const OF_WASM: Death[] = [
  {
    death: 'traps in a thread',
    die: signal,
    preload: `${TRAP_WASM}?writeBeside`,
    reason: 'a thread of the wasm module trapped: memory access out of bounds',
  },
  {
    death: 'traps',
    die: signal,
    preload: `${TRAP_WASM}?overflowStack`,
    reason: 'the wasm module trapped: memory access out of bounds',
  },
];

/** What a kernel that reads beside its memory would do. */
const faultInMemory = (service: TestService): void => {
  process.kill(service.engineProcess().pid ?? NaN, 'SIGSEGV');
};

const CASES: (Death & { runtime: string })[] = RUNTIME_NAMES_HERE.flatMap((runtime) => [
  ...DEATHS.map((death) => ({ runtime, ...death })),
  ...(runtime === 'webgpu' ? OF_WEBGPU : []).map((death) => ({ runtime, ...death })),
  ...(runtime === 'wasm' ? OF_WASM : []).map((death) => ({ runtime, ...death })),
  ...(runtime === 'native' ? [{ runtime, death: 'reads beside its memory', die: faultInMemory }] : []),
]);

describe.each(CASES)(
  'when the engine process on $runtime $death',
  ({ runtime, die, preload, reason = '' }) => {
    it('fails what ran with an error frame, starts anew, leaks nothing, and serves the same text', async () => {
      await using service = await start(runtime, preload);
      const url = `${service.url}/v1/completions`;
      const before = (await (await postJson(url, body)).json()) as { choices: { text: string }[] };

      const numTensors = await metric(service.url, 'tokenflare_tensors');
      const streaming = await postJson(url, { ...longBody, stream: true });
      const waiting = postJson(url, longBody);
      const frames: string[] = [];
      for await (const data of sseData(streaming)) {
        frames.push(data);
        if (frames.length === 3) die(service);
      }
      expect(JSON.parse(frames.at(-1) ?? '')).toMatchObject({
        error: { code: 'backend_failure', message: expect.stringContaining(reason) as string },
      });
      expect(frames).not.toContain('[DONE]');
      expect((await waiting).status).toBe(500);

      await until(async () => (await fetch(`${service.url}/ready`)).status === 200);
      expect((await fetch(`${service.url}/health`)).status).toBe(200);
      const after = (await (await postJson(url, body)).json()) as { choices: { text: string }[] };
      expect(after.choices[0]?.text).toBe(before.choices[0]?.text);
      expect(await metric(service.url, 'tokenflare_engine_restarts_total')).toBe(1);
      expect(await metric(service.url, 'tokenflare_seats_used')).toBe(0);
      expect(await metric(service.url, 'tokenflare_num_requests_running')).toBe(0);
      expect(await metric(service.url, 'tokenflare_tensors')).toBe(numTensors);
    });
  },
);

it.runIf(RUNTIME_NAMES_HERE.includes('webgpu'))('starts anew when an idle GPU is lost', async () => {
  await using service = await start('webgpu', LOSE_GPU);
  signal(service);
  await until(async () => (await metric(service.url, 'tokenflare_engine_restarts_total')) === 1);
  await until(async () => (await fetch(`${service.url}/ready`)).status === 200);
  const { status } = await postJson(`${service.url}/v1/completions`, body);
  expect(status).toBe(200);
});

it('says 503 while no engine process is there', async () => {
  await using service = await start('cpu');
  await service.engineProcess().kill();
  const ready = await fetch(`${service.url}/ready`);
  expect(ready.status).toBe(503);
  const refused = await postJson(`${service.url}/v1/completions`, body);
  expect(refused.status).toBe(503);
  expect(refused.headers.get('x-should-retry')).toBe('true');
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  await until(async () => (await fetch(`${service.url}/ready`)).status === 200);
});
