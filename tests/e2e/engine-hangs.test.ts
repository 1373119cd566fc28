import { describe, expect, it } from 'vitest';
import { EngineProcess } from '../../src/engine/client/process/engine-process.ts';
import { EngineSupervisor } from '../../src/engine/client/process/engine-supervisor.ts';
import type { EngineSettings, FromWorker, SequenceRequest } from '../../src/engine/protocol.ts';
import { sequenceRequest } from '../support/core-run.ts';
import { metric, startTestService, TINY_MODEL, until, type TestService } from '../support/service.ts';
import { postJson, sseData } from '../support/sse.ts';

const body = { prompt: 'Once upon a time', max_tokens: 16, temperature: 0, ignore_eos: true };
/** Long enough to be in the middle of it when the engine hangs. */
const longBody = { ...body, max_tokens: 480 };

/** The embedded model, since the tiny one is done before anybody can do it harm. */
const start = (): Promise<TestService> => startTestService({ MODEL: '', STEP_TIMEOUT: '3' });

const stopEngine = (service: TestService): number => {
  const { pid = NaN } = service.engineProcess();
  process.kill(pid, 'SIGSTOP');
  return pid;
};

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const readyStatus = async (service: TestService): Promise<number> =>
  (await fetch(`${service.url}/ready`)).status;

describe('an engine process that is stopped', () => {
  it('in the middle of its work is replaced, and what it held is told and given back', async () => {
    await using service = await start();
    const url = `${service.url}/v1/completions`;
    const before = (await (await postJson(url, body)).json()) as { choices: { text: string }[] };
    const numTensors = await metric(service.url, 'tokenflare_tensors');

    const streaming = await postJson(url, { ...longBody, stream: true });
    const embedding = postJson(`${service.url}/v1/embeddings`, { input: ['a text'] });
    const frames: string[] = [];
    let pid = NaN;
    let others: Promise<Response>[] = [];
    for await (const data of sseData(streaming)) {
      frames.push(data);
      if (frames.length !== 3) continue;
      await embedding;
      pid = stopEngine(service);
      others = [
        postJson(url, longBody),
        postJson(`${service.url}/v1/embeddings`, { input: ['another text'] }),
        postJson(`${service.url}/v1/attention`, { prompt: 'a text' }),
      ];
    }
    expect(JSON.parse(frames.at(-1) ?? '')).toMatchObject({
      error: { code: 'backend_failure', message: expect.stringMatching(/no sign of life/) as string },
    });
    for (const { status } of await Promise.all(others)) expect(status).toBe(500);
    await until(() => !isAlive(pid));

    await until(async () => (await readyStatus(service)) === 200);
    const after = (await (await postJson(url, body)).json()) as { choices: { text: string }[] };
    expect(after.choices[0]?.text).toBe(before.choices[0]?.text);
    expect(await metric(service.url, 'tokenflare_engine_restarts_total')).toBe(1);
    for (const name of ['seats_used', 'num_requests_running', 'num_requests_waiting']) {
      await until(async () => (await metric(service.url, `tokenflare_${name}`)) === 0);
    }
    expect(await metric(service.url, 'tokenflare_tensors')).toBe(numTensors);
  });

  it('while it is idle is found out by those who ask whether it is ready', async () => {
    await using service = await start();
    const pid = stopEngine(service);
    expect(await readyStatus(service)).toBe(200);
    await until(async () => (await readyStatus(service)) === 503);
    await until(() => !isAlive(pid));
    await until(async () => (await readyStatus(service)) === 200);
    expect((await postJson(`${service.url}/v1/completions`, body)).status).toBe(200);
  });

  it('before it is ready does not keep the model loading for ever', async () => {
    const pids: number[] = [];
    const supervisor = new EngineSupervisor(
      (events) => {
        const child = new EngineProcess(settings(), events);
        pids.push(child.pid ?? NaN);
        process.kill(child.pid ?? NaN, 'SIGSTOP');
        return child;
      },
      { stepTimeoutMs: 30_000, loadTimeoutMs: 500, now: () => performance.now() },
      {
        onReady: () => undefined,
        onMessage: () => undefined,
        onDeath: () => undefined,
        onIncident: () => undefined,
        owesAnswer: () => false,
      },
    );
    await expect(supervisor.start()).rejects.toMatchObject({
      code: 'backend_failure',
      message: expect.stringMatching(/not ready within 0.5 s \(LOAD_TIMEOUT\)/) as string,
    });
    await until(() => pids.every((pid) => !isAlive(pid)));
    await supervisor.stop();
    expect(pids).toHaveLength(1);
  });
});

it('an engine process that says what makes no sense is replaced', async () => {
  const children: EngineProcess[] = [];
  const deaths: string[] = [];
  let numReady = 0;
  const supervisor = new EngineSupervisor(
    (events) => {
      const child = new EngineProcess(settings(), events);
      children.push(child);
      return child;
    },
    { stepTimeoutMs: 30_000, now: () => performance.now() },
    {
      onReady: () => numReady++,
      onMessage: () => {
        throw new TypeError('it holds no such sequence');
      },
      onDeath: ({ message }) => deaths.push(message),
      onIncident: () => undefined,
      owesAnswer: () => false,
    },
  );
  await supervisor.start();
  supervisor.send({ type: 'ping' });
  await until(() => numReady === 2);
  expect(deaths).toEqual(['it holds no such sequence']);
  expect(isAlive(children[0]?.pid ?? NaN)).toBe(false);
  await supervisor.stop();
});

it('an engine that dies again and again comes back later each time, and says when', async () => {
  const children: EngineProcess[] = [];
  const msUntilReady: (number | undefined)[] = [];
  let numReady = 0;
  const supervisor: EngineSupervisor = new EngineSupervisor(
    (events) => {
      const child = new EngineProcess(settings(), events);
      children.push(child);
      return child;
    },
    // A clock that stands still: no process served for any time, and a load takes none.
    { stepTimeoutMs: 30_000, now: () => 0 },
    {
      onReady: () => numReady++,
      onMessage: () => undefined,
      onDeath: () => msUntilReady.push(supervisor.msUntilReady),
      onIncident: () => undefined,
      owesAnswer: () => false,
    },
  );
  await supervisor.start();
  for (let numDeaths = 1; numDeaths <= 4; numDeaths++) {
    await children.at(-1)?.kill();
    await until(() => numReady === numDeaths + 1);
  }
  expect(msUntilReady).toEqual([1, 251, 501, 1001]);
  expect(supervisor.msUntilReady).toBeUndefined();
  await supervisor.stop();
  expect(children).toHaveLength(5);
});

describe('what the engine process cannot take', () => {
  it('ends its own work, and nothing else of its message', async () => {
    const messages: FromWorker[] = [];
    const child = new EngineProcess(settings(), {
      onMessage: (message) => messages.push(message),
      onDeath: (error) => {
        throw error;
      },
    });
    const said = <Type extends FromWorker['type']>(type: Type) =>
      messages.filter((message): message is Extract<FromWorker, { type: Type }> => message.type === type);
    await until(() => said('ready').length > 0);
    const fine: SequenceRequest = sequenceRequest(1, [5, 6, 7]);
    child.send({ type: 'submit', sequences: [sequenceRequest(2, [5]), sequenceRequest(3, [])] });
    child.send({ type: 'embed', id: 4, clientId: '', tokenIds: [], pooling: 'mean' });
    child.send({ type: 'inspect', id: 5, clientId: '', tokenIds: [1_000_000], layers: [0] });
    child.send({ type: 'submit', sequences: [fine] });
    const updates = () => said('steps').flatMap(({ reports }) => reports.flatMap((report) => report.updates));
    const finished = () => updates().flatMap(({ id, finish }) => (finish === undefined ? [] : [id]));
    await until(() => finished().length === 2);
    expect(said('faulted').map(({ kind, failedWork }) => [kind, failedWork.map(({ id }) => id)])).toEqual([
      ['sequence', [3]],
      ['embedding', [4]],
      ['inspection', [5]],
    ]);
    expect(new Set(said('faulted').map(({ error }) => error.code))).toEqual(new Set(['invalid_request']));
    expect(new Set(updates().map(({ id }) => id))).toEqual(new Set([1, 2]));
    await child.stop();
  });
});

function settings(): EngineSettings {
  return {
    modelPath: TINY_MODEL,
    modelId: 'tiny',
    runtime: 'cpu',
    weights: 'auto',
    allowsNative: false,
    numThreads: undefined,
    maxNumSeqs: 2,
    maxModelLen: undefined,
    maxNumBatchedTokens: 32,
    kvCacheBytes: 2 ** 24,
    freeMemoryBytes: 0,
    prefixCache: true,
    speculates: false,
    memoryLimitBytes: undefined,
  };
}
