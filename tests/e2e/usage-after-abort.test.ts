import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestService, until, type TestService } from '../support/service.ts';
import { postJson, sseData } from '../support/sse.ts';

/** What a stream used can be asked for by its id, however it ended. */

interface Record {
  status: string;
  cancel_cause: string | null;
  error_code: string | null;
  finish_reasons: string[];
  usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number };
}

interface Cut {
  /** As in `x-request-id`. */
  id: string;
  /** As in the body. */
  bodyId: string;
  /** Tokens that the client got, each in a frame of its own or with others. */
  numTokens: number;
  response: Response;
}

const PROMPT = 'Once upon a time';

let service: TestService;
let numPromptTokens: number;

beforeAll(async () => {
  // Slow enough to be in the middle of it.
  service = await startTestService({ RUNTIME: 'cpu', MODEL: '', MAX_NUM_SEQS: '2' });
  const answer = await postJson(`${service.url}/tokenize`, { prompt: PROMPT });
  numPromptTokens = ((await answer.json()) as { count: number }).count;
});
afterAll(() => service[Symbol.asyncDispose]());

/** Starts a stream, lets `cut` end it after a few tokens, and reads what is left of it. */
async function streamAndCut(
  cut: (id: string, abort: AbortController) => unknown,
  body: object = {},
): Promise<Cut> {
  const abort = new AbortController();
  const request = {
    prompt: PROMPT,
    max_tokens: 480,
    ignore_eos: true,
    return_token_ids: true,
    stream: true,
    ...body,
  };
  const response = await postJson(`${service.url}/v1/completions`, request, { signal: abort.signal });
  const id = response.headers.get('x-request-id') ?? '';
  let [numTokens, bodyId, isCut] = [0, '', false];
  try {
    for await (const data of sseData(response)) {
      if (!data.startsWith('{"id"')) continue;
      const chunk = JSON.parse(data) as { id: string; choices: { token_ids?: number[] }[] };
      bodyId = chunk.id;
      numTokens += chunk.choices.flatMap(({ token_ids: ids }) => ids ?? []).length;
      if (numTokens < 5 || isCut) continue;
      isCut = true;
      await cut(id, abort);
    }
  } catch {
    // The client has hung up itself.
  }
  return { id, bodyId, numTokens, response };
}

async function recordOf(id: string, url = service.url): Promise<Record> {
  const read = async (): Promise<Record> =>
    (await (await fetch(`${url}/v1/requests/${id}`)).json()) as Record;
  await until(async () => !['queued', 'running'].includes((await read()).status));
  return read();
}

async function expectUsage({ id, bodyId, numTokens }: Cut, ended: object): Promise<void> {
  const record = await recordOf(id);
  expect(record).toMatchObject(ended);
  expect(record.usage.prompt_tokens).toBe(numPromptTokens);
  // A client that is cut off may have missed some.
  expect(record.usage.completion_tokens).toBeGreaterThanOrEqual(numTokens);
  expect(record.usage.completion_tokens).toBeLessThan(480);
  expect(record.usage.total_tokens).toBe(numPromptTokens + record.usage.completion_tokens);
  // A deadline may pass before the first token.
  if (bodyId !== '') expect(bodyId).toBe(`cmpl-${id}`);
  // What the engine computed after the end is still counted then.
  const again = await recordOf(`cmpl-${id}`);
  expect({ ...again, wasted_tokens: 0 }).toEqual({ ...record, wasted_tokens: 0 });
}

describe('usage', () => {
  it('outlives a client that hangs up', async () => {
    const cut = await streamAndCut((_, abort) => abort.abort());
    await expectUsage(cut, { status: 'cancelled', cancel_cause: 'disconnect', finish_reasons: ['abort'] });
  });

  it('outlives a stream that can be resumed and is not', async () => {
    await using impatient = await startTestService({ RUNTIME: 'cpu', MODEL: '', STREAM_GRACE: '0.1' });
    const response = await postJson(
      `${impatient.url}/v1/completions`,
      { prompt: PROMPT, max_tokens: 480, ignore_eos: true, stream: true },
      { headers: { 'content-type': 'application/json', 'x-stream-resumable': 'true' } },
    );
    await response.body?.cancel();
    const record = await recordOf(response.headers.get('x-request-id') ?? '', impatient.url);
    expect(record).toMatchObject({ status: 'cancelled', cancel_cause: 'disconnect' });
    expect(record.usage.prompt_tokens).toBe(numPromptTokens);
  });

  it('outlives a DELETE', async () => {
    const cut = await streamAndCut((id) => fetch(`${service.url}/v1/requests/${id}`, { method: 'DELETE' }));
    await expectUsage(cut, { status: 'cancelled', cancel_cause: 'delete', finish_reasons: ['abort'] });
  });

  it('outlives a deadline', async () => {
    const cut = await streamAndCut(() => undefined, { timeout_ms: 150 });
    await expectUsage(cut, { status: 'cancelled', cancel_cause: 'timeout', error_code: 'request_timeout' });
  });

  it('outlives the engine', async () => {
    const cut = await streamAndCut(() => void service.engineProcess().kill());
    await expectUsage(cut, { status: 'failed', error_code: 'backend_failure', finish_reasons: ['error'] });
    await until(async () => (await fetch(`${service.url}/ready`)).ok);
  });

  it('is the whole usage of a request that comes to its end', async () => {
    const cut = await streamAndCut(() => undefined, { max_tokens: 12 });
    const record = await recordOf(cut.id);
    expect(record).toMatchObject({ status: 'finished', finish_reasons: ['length'] });
    expect(record.usage.completion_tokens).toBe(12);
    expect(cut.numTokens).toBe(12);
  });
});
