import { parseJson } from '../fuzz/fuzz-script.ts';
import { times } from './attack.ts';
import { Client } from './client.ts';
import { MODEL_ID } from './metrics.ts';
import { until } from './until.ts';

/** Another client than those whose memory is looked at: of what it keeps, they take their share. */
const ADDRESS = '127.0.0.4';
const AT_ONCE = 4;
const LIMIT_MS = 120_000;
const ITEM_BYTES = 850_000;
const NUM_RESPONSES = 90;
const NUM_STREAMS = 80;
/** A byte-level tokenizer remembers how 10,000 words are merged, of up to 255 characters each. */
const NUM_WORD_LISTS = 30;
const WORDS_PER_LIST = 400;
/** Answers of 250 KB that a gateway keeps, and logs with texts of 16 KB: of both more than there is room for. */
const NUM_CACHED = 350;
const NUM_LOGGED = 4200;
const LOGGED_CHARACTERS = 20_000;
const GATEWAY_PATH = '/gateway/a/full/openai';
const JOBS_PATH = `/ai/run/${MODEL_ID}?queueRequest=true`;
/** The vectors of so many texts take half a MiB of the 64 that answers of jobs may take. */
const NUM_JOBS = 140;
const TEXTS_PER_JOB = 100;

/**
 * Fills what a service keeps for its clients to the bounds: stored responses, streams that can be resumed, words that the
 * tokenizer has merged, answers of batch jobs, and the answers and logs of gateways. What grows afterwards is none of these.
 */
export async function fillStores(url: string): Promise<void> {
  const client = new Client(url, ADDRESS);
  await inTurns(NUM_RESPONSES, () => storeResponse(client));
  const reader = new Client(url, ADDRESS, { 'x-stream-resumable': 'true' });
  await inTurns(NUM_STREAMS, () => reader.stream('/v1/completions', LARGE_STREAM, { limitMs: LIMIT_MS }));
  for (let list = 0; list < NUM_WORD_LISTS; list++) await tokenizeWords(client, list * WORDS_PER_LIST);
  await fillBatchAnswers(client);
  await fillGateways(client);
  reader.close();
  client.close();
}

const LARGE_STREAM = { prompt: 'a', max_tokens: 400, logprobs: 20, ignore_eos: true };

async function inTurns(count: number, work: () => Promise<unknown>): Promise<void> {
  let next = 0;
  await times(AT_ONCE, async () => {
    while (next++ < count) await work();
  });
}

function storeResponse(client: Client): Promise<unknown> {
  const thought = { type: 'reasoning_text', text: 'x'.repeat(ITEM_BYTES) };
  const input = [
    { type: 'reasoning', summary: [], content: [thought] },
    { role: 'user', content: 'Go on' },
  ];
  const body = { input, max_output_tokens: 1, truncation: 'auto' };
  return client.post('/v1/responses', body, { limitMs: LIMIT_MS });
}

/** Words of 200 letters that no other list has. */
function tokenizeWords(client: Client, firstIndex: number): Promise<unknown> {
  const letter = (digit: string): string => String.fromCharCode(97 + Number(digit));
  const words = Array.from({ length: WORDS_PER_LIST }, (_, i) =>
    Array.from(String(firstIndex + i).padStart(5, '0'), letter)
      .join('')
      .repeat(40),
  );
  return client.post('/tokenize', { prompt: words.join(' ') }, { limitMs: LIMIT_MS });
}

/** An owner's jobs are done in their order, so all are done when the last one is. */
async function fillBatchAnswers(client: Client): Promise<void> {
  const texts = new Array<string>(TEXTS_PER_JOB).fill('a');
  for (let job = 0; job < NUM_JOBS; job++) await callJobs(client, { requests: [{ text: texts }] });
  const last = await callJobs(client, { requests: [{ text: ['a'] }] });
  const isDone = async (): Promise<boolean> =>
    'responses' in (await callJobs(client, { request_id: last['request_id'] }));
  if (!(await until(isDone, LIMIT_MS, 200))) throw new Error('the batch jobs that fill a store are not done');
}

async function fillGateways(client: Client): Promise<void> {
  const input = Array.from({ length: 32 }, (_, index) => `text ${index}`);
  let key = 0;
  await inTurns(NUM_CACHED, () =>
    client.post(
      `${GATEWAY_PATH}/embeddings`,
      { input },
      { limitMs: LIMIT_MS, headers: { 'cf-aig-cache-key': `key-${key++}` } },
    ),
  );
  const logged = { unknown: 'x'.repeat(LOGGED_CHARACTERS) };
  const headers = { 'cf-aig-collect-log': 'true' };
  await inTurns(NUM_LOGGED, () =>
    client.post(`${GATEWAY_PATH}/chat/completions`, logged, { limitMs: LIMIT_MS, headers }),
  );
}

/** The result that an answer has. */
async function callJobs(client: Client, body: object): Promise<Record<string, unknown>> {
  const { status, text } = await client.post(JOBS_PATH, body, { limitMs: LIMIT_MS });
  if (status !== 200) throw new Error(`a batch job that fills a store was answered ${status}: ${text}`);
  return (parseJson(text) as { result: Record<string, unknown> }).result;
}
