import { expect, it } from 'vitest';
import { startTestService, until, type TestService } from '../support/service.ts';
import { postJson } from '../support/sse.ts';

const MODEL = 'tokenflare-tales';
const LIVE = { prompt: 'Once upon a time', max_tokens: 200, temperature: 0.9, seed: 7, raw: true };
const ITEM = { prompt: 'The river', max_tokens: 12, temperature: 0, raw: true };

interface Entry {
  id: number;
  success: boolean;
  result: { response: string } | null;
}

const start = (): Promise<TestService> => startTestService({ MODEL: '', MAX_NUM_SEQS: '4' });

async function resultOf<T>(service: TestService, body: unknown, query = ''): Promise<T> {
  const answer = await postJson(`${service.url}/ai/run/${MODEL}${query}`, body);
  const { result } = (await answer.json()) as { result: T };
  return result;
}

/** Waits for a job of so many equal requests. */
async function entriesOf(service: TestService, id: string): Promise<Entry[]> {
  let entries: Entry[] | undefined;
  await until(async () => {
    const poll = { request_id: id };
    const result = await resultOf<{ responses?: Entry[] }>(service, poll, '?queueRequest=true');
    entries = result.responses;
    return entries !== undefined;
  });
  return entries ?? [];
}

const submit = async (service: TestService, numItems: number): Promise<string> => {
  const requests = Array.from({ length: numItems }, () => ITEM);
  return (await resultOf<{ request_id: string }>(service, { requests }, '?queueRequest=true')).request_id;
};

it('does 50 requests beside live ones, all with the text that they have alone', async () => {
  await using service = await start();
  const alone = await resultOf<{ response: string }>(service, LIVE);
  const item = await resultOf<{ response: string }>(service, ITEM);
  const live = resultOf<{ response: string }>(service, LIVE);
  const id = await submit(service, 50);
  expect((await live).response).toBe(alone.response);
  const entries = await entriesOf(service, id);
  expect(entries).toHaveLength(50);
  for (const { success, result } of entries) {
    expect(success).toBe(true);
    expect(result?.response).toBe(item.response);
  }
});

it('goes on with another engine process', async () => {
  await using service = await start();
  const id = await submit(service, 40);
  await until(() => service.engine.stats().numSequencesRunning > 0);
  await service.engineProcess().kill();
  const entries = await entriesOf(service, id);
  expect(service.engine.stats().numRestarts).toBe(1);
  expect(entries.map(({ success }) => success)).toEqual(Array<boolean>(40).fill(true));
});
