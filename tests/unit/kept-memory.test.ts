import { describe, expect, it } from 'vitest';
import { ResponseStore } from '../../routes/responses/response-store.ts';
import type { ResponseBody } from '../../routes/responses/schemas/response-body.ts';
import type { StoredItem } from '../../routes/responses/schemas/response-items.ts';
import { toTurn, type Turn } from '../../routes/responses/schemas/turn.ts';
import { BatchJobs } from '../../src/batch/batch-jobs.ts';
import type { RequestRecord } from '../../src/engine/engine.ts';
import { RequestHistory } from '../../src/engine/client/completion/request-history.ts';
import { EventQueue } from '../../src/engine/client/completion/event-queue.ts';
import { dataFrame } from '../../src/http/sse/sse.ts';
import { StreamStore } from '../../src/http/sse/stream-store.ts';
import { JsonTokenizer } from '../../src/tokenizer/json-tokenizer.ts';
import { bytesInUse, expectHonestCount, MAX_BYTES, MIB, type Filling } from '../support/honest-count.ts';
import { responseBody } from '../support/response-body.ts';
import { byteFallbackJson } from './tokenizer/tiny-tokenizers.ts';

const userItem = (id: string, texts: readonly string[]): StoredItem => ({
  type: 'message',
  id,
  role: 'user',
  status: 'completed',
  content: texts.map((text) => ({ type: 'input_text', text })),
});

const callItem = (id: string, text: string): StoredItem => ({
  type: 'function_call',
  id,
  call_id: `call_${id}`,
  name: 'f',
  arguments: text,
  status: 'completed',
});

/** JSON of lists and objects in one another, as deep as a body may be. */
function deepValue(levels: number): unknown {
  let value: unknown = {};
  for (let i = 0; i < levels; i++) value = { a: [value, {}] };
  return value;
}

/** What a client's text may be: each a new one, so that no two share memory. */
const texts: Record<string, (index: number) => string> = {
  'of a chat': (index) => `${index} The river runs past the old mill and down to the sea. `.repeat(20),
  'of one letter': () => 'a',
  'of two-byte characters': (index) => `${index}река течёт мимо мельницы `.repeat(40),
  'with one two-byte character in it': (index) => `${index}${'a'.repeat(2000)}ж`,
  'of a megabyte': (index) => `${index}${'a'.repeat(900_000)}`,
};

describe('what stored responses count as', () => {
  const fill = (add: (store: ResponseStore, index: number) => void) => (): Filling => {
    const store = new ResponseStore({ maxBytes: MAX_BYTES, keptMs: 1e9 }, () => 0);
    return { numBytes: () => store.numBytes, add: (index) => add(store, index) };
  };
  const keep = (
    store: ResponseStore,
    ownerId: string,
    id: string,
    items: readonly StoredItem[],
    { before, ...extra }: Partial<ResponseBody> & { before?: Turn } = {},
  ): void => store.keep(ownerId, id, responseBody(id, 'an answer', extra), toTurn(before, items));

  it.each(Object.entries(texts))('texts %s', (_, textOf) =>
    expectHonestCount(
      fill((store, i) => keep(store, 'a/b', `r${i}`, [userItem(`msg_r${i}_in0`, [textOf(i)])])),
    ),
  );

  it.each<[string, (store: ResponseStore, index: number) => void]>([
    ['an owner each', (store, i) => keep(store, `a/key${i}`, 'r', [userItem('msg_r_in0', ['a'])])],
    ['an address each', (store, i) => keep(store, `10.0.${i}/b`, 'r', [userItem('msg_r_in0', ['a'])])],
    [
      'many items',
      (store, i) =>
        keep(
          store,
          'a/b',
          `r${i}`,
          Array.from({ length: 4000 }, (_, place) => userItem(`msg_r${i}_in${place}`, [''])),
        ),
    ],
    [
      'many parts',
      (store, i) =>
        keep(store, 'a/b', `r${i}`, [userItem(`msg_r${i}_in0`, new Array<string>(1024).fill('b'))]),
    ],
    [
      'arguments of empty objects',
      (store, i) =>
        keep(store, 'a/b', `r${i}`, [
          callItem(`fc_r${i}_in0`, `{"n":${i},"a":[${new Array(50_000).fill('{}').join()}]}`),
        ]),
    ],
    [
      'tools whose schemas are deep',
      (store, i) => {
        const parameters = { i, properties: deepValue(8) };
        const tool = { type: 'function' as const, name: 'f', description: null, parameters, strict: null };
        keep(store, 'a/b', `r${i}`, [userItem('msg_r_in0', ['a'])], {
          tools: new Array<typeof tool>(100).fill(tool),
        });
      },
    ],
  ])('%s', (_, add) => expectHonestCount(fill(add)));

  it('one conversation that goes on', () => {
    let before: Turn | undefined;
    return expectHonestCount(
      fill((store, i) => {
        if (i === 0) before = undefined;
        keep(store, 'a/b', `r${i}`, [userItem(`msg_r${i}_in0`, ['and then?'])], before && { before });
        before = store.find('a/b', `r${i}`)?.output;
      }),
    );
  });
});

describe('what batch jobs count as', () => {
  const never = { run: () => new Promise<never>(() => undefined), toFailure: () => '' };
  const create =
    (
      numItems: number,
      requestOf: (index: number) => string,
      ownerOf: (index: number) => string = () => 'a/b',
    ) =>
    (): Filling => {
      const bounds = {
        maxOpenJobs: 1e6,
        maxRequestBytes: 2 * MAX_BYTES,
        maxAnswerBytes: MAX_BYTES,
        keptMs: 1e9,
      };
      const jobs = new BatchJobs(bounds, () => 0);
      return {
        numBytes: () => jobs.numBytes,
        add: (index) => {
          const requests = Array.from({ length: numItems }, (_, item) => requestOf(index * numItems + item));
          jobs.add({ id: `job-${index}`, ownerId: ownerOf(index), modelId: 'm', requests, work: never });
        },
      };
    };

  it.each<[string, () => Filling]>([
    ['requests of chats', create(10, (i) => JSON.stringify({ prompt: texts['of a chat']?.(i) }))],
    ['requests without fields', create(10_000, () => '{}')],
    ['one request each', create(1, (i) => `{"prompt":"${i}"}`)],
    [
      'one request of an owner each',
      create(
        1,
        (i) => `{"prompt":"${i}"}`,
        (i) => `a/key${i}`,
      ),
    ],
    [
      'two-byte characters',
      create(10, (i) => JSON.stringify({ prompt: texts['of two-byte characters']?.(i) })),
    ],
    [
      'requests of empty objects',
      create(1, (i) => JSON.stringify({ i, messages: new Array<object>(100_000).fill({}) })),
    ],
  ])('open ones: %s', (_, filling) => expectHonestCount(filling));

  it.each<[string, number, (index: number) => string]>([
    ['of chats', 10, (i) => JSON.stringify({ id: i, result: { response: texts['of a chat']?.(i) } })],
    ['of one letter', 1000, () => '{}'],
    ['of two-byte characters', 10, (i) => JSON.stringify({ result: texts['of two-byte characters']?.(i) })],
  ])('answers %s', (_, numItems, answerOf) => {
    const filling = (): Filling => {
      const bounds = {
        maxOpenJobs: 10,
        maxRequestBytes: 2 * MAX_BYTES,
        maxAnswerBytes: MAX_BYTES,
        keptMs: 1e9,
      };
      const jobs = new BatchJobs(bounds, () => 0);
      const usage = { numPromptTokens: 1, numGeneratedTokens: 1 };
      return {
        numBytes: () => jobs.numBytes,
        add: (index) => {
          const requests = new Array<string>(numItems).fill('{"prompt":"a"}');
          const job = jobs.add({ id: `job-${index}`, ownerId: 'a/b', modelId: 'm', requests, work: never });
          for (let item = job.takeItem(); item !== undefined; item = job.takeItem()) {
            const entry = answerOf(index * numItems + item);
            jobs.onItemEnd(job, job.finishItem(item, { entry, usage }));
          }
        },
      };
    };
    return expectHonestCount(filling);
  });
});

describe('what streams count as', () => {
  const numBytes = 6 * MIB;
  it.each<[string, (index: number) => readonly unknown[]]>([
    ['of chats', (i) => Array.from({ length: 100 }, (_, n) => ({ id: `cmpl-${i}`, n, text: ' river' }))],
    ['without events', () => []],
    ['of one letter', () => new Array<string>(500).fill('a')],
    ['of two-byte characters', (i) => [texts['of two-byte characters']?.(i)]],
    ['of large events', (i) => [texts['of a megabyte']?.(i).slice(0, 400_000)]],
  ])('ended ones %s', async (_, eventsOf) => {
    const filling = (): Filling => {
      const store = new StreamStore({ maxBytes: numBytes, graceMs: 1e8 });
      return {
        numBytes: () => store.numBytes,
        add: async (index) => {
          const owner = { id: `${index}`, ownerId: 'a/b', clientId: 'a/b' };
          const stream = store.open(owner);
          const frames = new EventQueue<string>();
          const done = new Promise<void>((resolve) => {
            stream.start({ frames, cancel: () => undefined, onEnd: resolve, readNote: () => undefined });
          });
          // One text of many frames, as a step may make them.
          frames.push(eventsOf(index).map(dataFrame).join(''));
          frames.end();
          await done;
        },
      };
    };
    await expectHonestCount(filling, numBytes);
  });
});

describe('what records of requests count as', () => {
  const recordOf = (index: number, n: number): RequestRecord => ({
    id: `${index}-${'x'.repeat(100)}`,
    ownerId: `a/${index}`,
    status: 'finished',
    finishReasons: new Array<'stop'>(n).fill('stop'),
    n,
    maxTokens: 1,
    mostGeneratedTokens: 1,
    usage: { numPromptTokens: 1, numGeneratedTokens: 1, numReasoningTokens: 0, numCachedTokens: 0 },
    timings: { totalMs: index + 0.5, queueMs: 0.25, ttftMs: index / 3 },
    numWastedTokens: 0,
  });

  it.each([1, 128])('of %i completions', (n) => {
    const filling = (): Filling => {
      // A bound of one MiB is within what a collection leaves to chance.
      const histories = Array.from({ length: 8 }, () => new RequestHistory(() => 0));
      const sum = (): number => histories.reduce((total, { numBytes }) => total + numBytes, 0);
      return {
        numBytes: sum,
        add: (index) => histories.forEach((history) => history.add(recordOf(index, n))),
      };
    };
    return expectHonestCount(filling, 8 * MIB);
  });
});

describe('what a tokenizer remembers of texts', () => {
  it('is words, and not the texts that they stand in', async () => {
    // As Gemma's: a word is a part of the text, with no other character in it.
    const tokenizer = new JsonTokenizer({
      ...byteFallbackJson(),
      normalizer: { type: 'Replace', pattern: { String: ' ' }, content: '\u2581' },
      pre_tokenizer: { type: 'Split', pattern: { String: '\u2581' }, behavior: 'MergedWithPrevious' },
    });
    const encode = (index: number): unknown =>
      tokenizer.encode(`${'abc'.repeat(10)}${index} ${'ab '.repeat(50_000)}`, false);
    for (let i = 0; i < 5; i++) encode(i);
    const before = await bytesInUse();
    for (let i = 5; i < 35; i++) encode(i);
    // The texts take 9 MB.
    expect((await bytesInUse()) - before).toBeLessThan(MIB);
  });
});
