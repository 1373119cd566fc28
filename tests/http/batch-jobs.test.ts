import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Completion, CompletionRequest, Reservation } from '../../src/engine/engine.ts';
import { revokeKey } from '../../src/access/edit-keys.ts';
import { call, post, type Answer } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { bearer, KeyFile } from '../support/keys.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';
import { until } from '../support/service.ts';

const MODEL = '@test/tiny-gpt2';
const RUN = `/ai/run/${MODEL}`;
const BATCH = `${RUN}?queueRequest=true`;
const TEXT = ' runs past the old mill and down to the sea';

let engine: ScriptedEngine;
let service: HttpService;

beforeAll(async () => {
  engine = await ScriptedEngine.create();
  engine.model.contextLength = 1024;
});
/** As the engine does it where a test looks on. */
const submitTo = (
  ...[to, request, reservation]: [ScriptedEngine, CompletionRequest, Reservation]
): Completion => ScriptedEngine.prototype.submit.call(to, request, reservation);

beforeEach(async () => {
  engine.reset();
  engine.submit = (request, reservation) => submitTo(engine, request, reservation);
  service = await startHttpService(engine);
});
afterEach(() => service.close());
afterAll(() => engine.reset());

interface BatchResult {
  status?: string;
  request_id?: string;
  responses?: {
    id: number;
    success: boolean;
    result: unknown;
    errors?: { code: number; message: string }[];
  }[];
}
const resultOf = ({ json }: Answer): BatchResult => (json as { result: BatchResult }).result;

async function submit(
  body: unknown,
  { path = BATCH, headers = {} }: { path?: string; headers?: Record<string, string> } = {},
): Promise<string> {
  const answer = await call(service, 'POST', path, { body, headers });
  expect(answer.status, answer.text).toBe(200);
  expect(resultOf(answer)).toMatchObject({ status: 'queued', model: MODEL });
  return resultOf(answer).request_id ?? '';
}

async function finished(id: string, headers: Record<string, string> = {}): Promise<BatchResult> {
  let result: BatchResult = {};
  await until(async () => {
    result = resultOf(await call(service, 'POST', BATCH, { body: { request_id: id }, headers }));
    return result.responses !== undefined;
  });
  return result;
}

const items = (number: number): object[] =>
  Array.from({ length: number }, (_, index) => ({ prompt: 'a', external_reference: `item ${index}` }));

/** What the engine was asked, when, and what it did then. */
interface Submission {
  isItem: boolean;
  numItemsRunning: number;
  numLiveRunning: number;
}

/** Writes down every request that reaches the engine, with what runs beside it. */
function watchSubmissions(): Submission[] {
  const submissions: Submission[] = [];
  const running = new Map<string, boolean>();
  engine.submit = (request: CompletionRequest, reservation: Reservation) => {
    const isItem = reservation.clientId.startsWith('batch/');
    const isOpen = ([id]: [string, boolean]): boolean => engine.find(id)?.status === 'running';
    const beside = [...running].filter(isOpen);
    submissions.push({
      isItem,
      numItemsRunning: beside.filter(([, ofJob]) => ofJob).length,
      numLiveRunning: beside.filter(([, ofJob]) => !ofJob).length,
    });
    running.set(request.id, isItem);
    return submitTo(engine, request, reservation);
  };
  return submissions;
}

describe('a batch job beside live requests', () => {
  it('has one item at most in work while a live stream runs, and leaves a seat free', async () => {
    const submissions = watchSubmissions();
    const { maxNumSeqs } = engine.model;
    engine.script.tokenDelayMs = 20;
    const live = post(service, RUN, { prompt: 'a', stream: true });
    await until(() => engine.requests.length === 1);
    engine.script.tokenDelayMs = 1;
    const id = await submit({ requests: items(50) });
    const { text } = await live;
    const result = await finished(id);
    expect(text).toContain('data: [DONE]');
    const ofItems = submissions.filter(({ isItem }) => isItem);
    expect(ofItems).toHaveLength(50);
    const besideLive = ofItems.filter(({ numLiveRunning }) => numLiveRunning > 0);
    expect(besideLive.length).toBeGreaterThan(0);
    for (const { numItemsRunning, numLiveRunning } of besideLive) {
      expect(numItemsRunning).toBe(0);
      expect(numLiveRunning + 2).toBeLessThanOrEqual(maxNumSeqs);
    }
    for (const { numItemsRunning } of ofItems) expect(numItemsRunning).toBeLessThan(maxNumSeqs / 2);
    expect(result.responses?.map(({ id: index, success }) => [index, success])).toEqual(
      Array.from({ length: 50 }, (_, index) => [index, true]),
    );
  });

  it('lets no item start while live requests have the seats', async () => {
    const submissions = watchSubmissions();
    const { maxNumSeqs } = engine.model;
    engine.script.stallAfter = 1;
    const live = Array.from({ length: maxNumSeqs - 1 }, () => post(service, RUN, { prompt: 'a' }));
    await until(() => engine.requests.length === live.length);
    engine.script.stallAfter = undefined;
    const id = await submit({ requests: items(3) });
    const poll = await call(service, 'POST', BATCH, { body: { request_id: id } });
    expect(resultOf(poll)).toEqual({ status: 'queued', request_id: id, model: MODEL });
    // A live request that comes now finds the last seat free, and no item before it.
    await post(service, RUN, { prompt: 'a' });
    expect(submissions.map(({ isItem }) => isItem)).toEqual(Array<boolean>(maxNumSeqs).fill(false));
    for (const request of engine.requests) engine.cancel(request.id, 'delete');
    await Promise.all(live);
    await finished(id);
    expect(submissions.filter(({ isItem }) => isItem)).toHaveLength(3);
  });

  it('does not count against the slots of the queue', async () => {
    const id = await submit({ requests: items(2) });
    await finished(id);
    expect(engine.numFreeSlots).toBe(1000);
  });
});

describe('a batch job', () => {
  it('answers each request by itself', async () => {
    const requests = [
      { prompt: 'a' },
      {},
      { prompt: 'a', stream: true },
      { prompt: 'a', options: { rejectIfBusy: true } },
      { text: ['a', 'b'] },
      { prompt: 'a', max_tokens: 5000 },
      { query: 'a', contexts: [{ text: 'b' }] },
    ];
    const { responses = [] } = await finished(await submit({ requests }));
    expect(responses.map(({ success }) => success)).toEqual([true, false, false, false, true, false, false]);
    expect(responses.map(({ errors }) => errors?.[0]?.code)).toEqual([
      undefined,
      5004,
      5004,
      5004,
      undefined,
      5021,
      5004,
    ]);
    expect(responses[0]?.result).toMatchObject({ response: TEXT });
    expect(responses[2]?.errors?.[0]?.message).toContain('stream has no meaning in a batch job');
    const done = service.logLines.find(({ msg }) => msg === 'batch job done');
    expect(done).toMatchObject({ model: MODEL, numItems: 7 });
  });

  it('is tried once more where the engine failed', async () => {
    engine.script.failAfter = 0;
    engine.submit = (request, reservation) => {
      if (engine.requests.length === 1) engine.script.failAfter = undefined;
      return submitTo(engine, request, reservation);
    };
    const { responses } = await finished(await submit({ requests: items(1) }));
    expect(responses?.[0]).toMatchObject({ success: true });
    expect(engine.requests).toHaveLength(2);
  });

  it('waits for an engine that restarts', async () => {
    engine.state = 'loading';
    const id = await submit({ requests: items(1) });
    engine.state = 'ready';
    expect((await finished(id)).responses?.[0]?.success).toBe(true);
  });

  it.each([
    [{}, '/requests'],
    [{ requests: [] }, '/requests'],
    [{ requests: 'a' }, '/requests'],
    [{ requests: ['a'] }, '/requests/0'],
    [{ requests: [{ prompt: 'a', external_reference: 5 }] }, '/requests/0/external_reference'],
    [{ requests: Array<object>(10_001).fill({}) }, '/requests'],
    [{ requests: [{}], prompt: 'a' }, '/prompt'],
    [{ request_id: 5 }, '/request_id'],
    [{ request_id: 'a', requests: [{}] }, '/requests'],
  ])('is refused: %#', async (body, pointer) => {
    const large = await startHttpService(engine, { bodyLimitBytes: 2 ** 20 });
    const answer = await post(large, BATCH, body);
    await large.close();
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ errors: [{ code: 5004, source: { pointer } }] });
  });

  it.each([
    [`${RUN}?queueRequest=yes`, '/queueRequest'],
    [`${RUN}?tags=a`, '/tags'],
    [`${BATCH}&stream=true`, '/stream'],
  ])('is asked for by one parameter of the URL: %s', async (path, pointer) => {
    const answer = await post(service, path, { prompt: 'a' });
    expect(answer.json).toMatchObject({ success: false, errors: [{ code: 5004, source: { pointer } }] });
  });

  it('is not for a model that there is not', async () => {
    const answer = await post(service, '/ai/run/@cf/x/y?queueRequest=true', { requests: items(1) });
    expect(answer.json).toMatchObject({ errors: [{ code: 5007 }] });
  });
});

describe('a batch job of a key', () => {
  const file = new KeyFile();
  const keys: Record<string, string> = {};
  beforeAll(async () => {
    keys['alice'] = await file.create('alice');
    keys['bob'] = await file.create('bob');
    keys['limited'] = await file.create('limited', { limits: { requestsPerMinute: 3 } });
    keys['small'] = await file.create('small', { limits: { tokensPerMinute: 300 } });
    keys['leaver'] = await file.create('leaver');
    keys['other'] = await file.create('other', { models: ['owner/other'] });
  });
  beforeEach(async () => {
    await service.close();
    service = await startHttpService(engine, {}, { keysFile: file.path });
  });
  afterAll(() => file[Symbol.dispose]());
  const by = (name: string): { headers: Record<string, string> } => ({ headers: bearer(keys[name] ?? '') });

  it('is seen by that key alone, and its tokens are counted for it', async () => {
    const id = await submit({ requests: items(2) }, by('alice'));
    await finished(id, by('alice').headers);
    const answer = await call(service, 'POST', BATCH, { body: { request_id: id }, ...by('bob') });
    expect(answer.status).toBe(404);
    expect(answer.json).toMatchObject({ errors: [{ source: { pointer: '/request_id' } }] });
    const { text } = await call(service, 'GET', '/metrics');
    const numGenerated = 2 * engine.ownTokenizer.encode(TEXT).length;
    expect(text).toContain(`tokenflare_key_generation_tokens_total{key="alice"} ${numGenerated}`);
  });

  it('takes its items from the requests that the key may make', async () => {
    const id = await submit({ requests: items(4) }, by('limited'));
    // Its own request took one of three; two items took the others, and those after them wait for the next minute.
    await until(() => engine.requests.length === 2);
    const poll = await call(service, 'POST', BATCH, { body: { request_id: id }, ...by('limited') });
    expect(poll.status).toBe(429);
    expect(engine.requests).toHaveLength(2);
  });

  it('fails where an item may need more tokens than the key has in a minute', async () => {
    const requests = [
      { prompt: 'a', max_tokens: 500 },
      { prompt: 'a', max_tokens: 20 },
    ];
    const id = await submit({ requests }, by('small'));
    const { responses } = await finished(id, by('small').headers);
    expect(responses).toMatchObject([{ success: false, errors: [{ code: 3036 }] }, { success: true }]);
  });

  it('ends with the key', async () => {
    engine.state = 'loading';
    const body = { requests: items(2) };
    await call(service, 'POST', BATCH, { body, ...by('leaver') });
    await revokeKey(file.path, 'leaver');
    await until(async () => (await call(service, 'GET', '/v1/models', by('leaver'))).status === 401);
    engine.state = 'ready';
    await until(() => service.logLines.some(({ msg }) => msg === 'batch job done'));
    expect(engine.requests).toEqual([]);
  });

  it('is refused for a model that the key may not use', async () => {
    const answer = await call(service, 'POST', BATCH, { body: { requests: items(1) }, ...by('other') });
    expect(answer.json).toMatchObject({ errors: [{ code: 3041 }] });
  });
});
