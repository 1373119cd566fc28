import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CompletionEvent, CompletionRequest } from '../../../../../src/engine/engine.ts';
import { RunningCompletion } from '../../../../../src/engine/client/completion/running-completion.ts';
import { PLAIN_PARAMS } from '../../../../../src/engine/generation-params.ts';
import { EngineError } from '../../../../../src/errors.ts';
import { Tokenizer } from '../../../../../src/tokenizer/tokenizer.ts';
import { fixturePath } from '../../../../support/fixtures.ts';

const tokenizer = await Tokenizer.load(fixturePath('tiny-gpt2'));
const TIMES = { startedAtMs: 0, endedAtMs: 1 };

interface Started {
  completion: RunningCompletion;
  ids: number[];
  cancelled: number[];
  settled: RunningCompletion[];
}

/** Three choices of one prompt, unless told otherwise. */
function start(fields: Partial<CompletionRequest> = {}): Started {
  const cancelled: number[] = [];
  const settled: RunningCompletion[] = [];
  const completion = new RunningCompletion(
    {
      ...PLAIN_PARAMS,
      id: 'request',
      prompts: [[1, 2]],
      n: 3,
      maxTokens: 4,
      ownerId: '',
      timeoutMs: undefined,
      ...fields,
    },
    tokenizer,
    {
      now: () => 0,
      prefixCacheScope: 'all',
      cancelSequences: (ids) => cancelled.push(...ids),
      onSettled: (one) => settled.push(one),
      onInterTokenLatency: () => undefined,
      seatOf: () => undefined,
      queuePositionOf: () => undefined,
    },
    0,
  );
  return { completion, ids: completion.sequences([], 1, '').map(({ id }) => id), cancelled, settled };
}

async function drain(completion: RunningCompletion): Promise<{ events: CompletionEvent[]; error: unknown }> {
  const events: CompletionEvent[] = [];
  try {
    for await (const event of completion) events.push(event);
  } catch (error) {
    return { events, error };
  }
  return { events, error: undefined };
}

describe('startedWithin', () => {
  it('says so once the first of its sequences has a seat', async () => {
    const { completion, ids } = start();
    const isStarted = completion.startedWithin(60_000);
    completion.receive({ id: ids[1] ?? -1, started: true }, TIMES);
    expect(await isStarted).toBe(true);
    expect(await completion.startedWithin(0)).toBe(true);
  });

  it('says so if it is over before it has begun', async () => {
    const { completion } = start();
    const isStarted = completion.startedWithin(60_000);
    completion.cancel('disconnect');
    expect(await isStarted).toBe(true);
  });

  it.each([0, -5, 5])('says no to one that waits: after %i ms', async (ms) => {
    const { completion, ids } = start();
    expect(await completion.startedWithin(ms)).toBe(false);
    completion.receive({ id: ids[0] ?? -1, started: true }, TIMES);
    expect(completion.record().status).toBe('running');
  });
});

describe('a choice that ends by an error', () => {
  const error = { code: 'backend_failure', message: 'not numbers', retryable: false } as const;

  it('ends the request with it, and the sequences of the others', async () => {
    const { completion, ids, cancelled, settled } = start();
    const [first = NaN, second = NaN, third = NaN] = ids;
    completion.receive({ id: third, token: { tokenId: 50 }, finish: 'stop' }, TIMES);
    completion.receive({ id: first, token: { tokenId: 40 } }, TIMES);
    completion.receive({ id: second, finish: 'error', error }, TIMES);
    expect(cancelled).toEqual(expect.arrayContaining([first]));
    expect(cancelled).not.toContain(third);
    expect(settled).toEqual([completion]);
    // What the engine said before it heard of the cancel.
    completion.receive({ id: first, token: { tokenId: 41 } }, TIMES);
    const { events, error: thrown } = await drain(completion);
    expect(events.map(({ type }) => type)).toEqual(['delta', 'finish', 'delta']);
    expect(thrown).toBeInstanceOf(EngineError);
    expect(thrown).toMatchObject(error);
    expect(completion.record()).toMatchObject({ status: 'failed', errorCode: 'backend_failure' });
  });

  it('does so once, whichever choice it is and whatever came before, and no sequence of another request', async () => {
    const before = fc.array(fc.record({ choice: fc.nat(5), ends: fc.boolean() }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 6 }), fc.nat(5), before, async (n, faulty, events) => {
        const { completion, ids, cancelled, settled } = start({ n });
        const other = start({ n });
        const open = new Set(ids);
        const failing = ids[faulty % n] ?? NaN;
        for (const { choice, ends } of events) {
          const id = ids[choice % n] ?? NaN;
          if (!open.has(id) || id === failing) continue;
          completion.receive({ id, token: { tokenId: 40 }, ...(ends ? { finish: 'stop' } : {}) }, TIMES);
          if (ends) open.delete(id);
        }
        completion.receive({ id: failing, finish: 'error', error }, TIMES);
        // The others may fail by the same, before the engine process hears of the cancel.
        for (const id of open) completion.receive({ id, finish: 'error', error }, TIMES);
        expect(cancelled.toSorted()).toEqual([...open].sort());
        expect(settled).toEqual([completion]);
        const { events: seen, error: thrown } = await drain(completion);
        expect(thrown).toMatchObject(error);
        expect(seen.filter(({ type }) => type === 'finish')).toHaveLength(n - open.size);
        expect([other.cancelled, other.settled]).toEqual([[], []]);
        expect(other.completion.record()).toMatchObject({ status: 'queued' });
      }),
    );
  });

  it('changes nothing of a request that was over', () => {
    const { completion, ids, cancelled } = start();
    completion.cancel('disconnect');
    const numCancelled = cancelled.length;
    for (const id of ids) completion.receive({ id, finish: 'error', error }, TIMES);
    expect(cancelled).toHaveLength(numCancelled);
    expect(completion.record()).toMatchObject({ status: 'cancelled' });
  });

  it('may also be one of whose tokens nothing can be made', async () => {
    const { completion, settled } = start();
    completion.receive({ id: -5, token: { tokenId: 1 } }, TIMES);
    expect((await drain(completion)).error).toMatchObject({ code: 'internal' });
    expect(settled).toEqual([completion]);
  });
});

describe('what a request asks of its text', () => {
  const EOS = 0;

  /** The text and the deltas of one choice that draws these tokens. */
  async function run(
    tokenIds: readonly number[],
    fields: Partial<CompletionRequest>,
  ): Promise<{ text: string; numDeltas: number; finish: CompletionEvent | undefined }> {
    const { completion, ids } = start({ n: 1, maxTokens: tokenIds.length, ...fields });
    const [id = NaN] = ids;
    for (const tokenId of tokenIds) completion.receive({ id, token: { tokenId } }, TIMES);
    completion.receive({ id, finish: 'length' }, TIMES);
    const { events } = await drain(completion);
    const deltas = events.flatMap((event) => (event.type === 'delta' ? [event] : []));
    return { text: deltas.map(({ text }) => text).join(''), numDeltas: deltas.length, finish: events.at(-1) };
  }

  const river = tokenizer.encode('down the river END and on');

  it('leaves the stop string out, or takes it in', async () => {
    const stop = ['END', 'nowhere'];
    const finish = { finishReason: 'stop', stopString: 'END' };
    expect(await run(river, { stop })).toMatchObject({ text: 'down the river ', finish });
    expect(await run(river, { stop, includesStopString: true })).toMatchObject({
      text: 'down the river END',
      finish,
    });
  });

  it('takes in a stop string that only the end of the text completes', async () => {
    // The first byte of a character that never comes: U+FFFD, once no more bytes do.
    const halfCharacter = [...tokenizer.encode('é').slice(0, 1)];
    expect(tokenizer.encode('é').length).toBeGreaterThan(1);
    const stop = ['\uFFFD'];
    expect((await run(halfCharacter, { stop })).text).toBe('');
    expect((await run(halfCharacter, { stop, includesStopString: true })).text).toBe('\uFFFD');
  });

  it('leaves special tokens out, or shows them', async () => {
    const ids = [...river, EOS, ...river];
    expect((await run(ids, {})).text).not.toContain('<|endoftext|>');
    expect((await run(ids, { skipsSpecialTokens: false })).text).toContain('on<|endoftext|>down');
  });

  it('joins what is not read yet, or has an event for each token', async () => {
    expect((await run(river, {})).numDeltas).toBe(1);
    expect((await run(river, { reportsEveryToken: true })).numDeltas).toBe(river.length);
  });

  it('ends at its own tokens beside those of the model, and has each token reported', () => {
    const { completion } = start({ n: 1, stopTokenIds: [7, 8], reportsEveryToken: true });
    expect(completion.sequences([EOS], 1, '')).toMatchObject([
      { stopTokenIds: [EOS, 7, 8], mayStopByText: true },
    ]);
    expect(start({ n: 1 }).completion.sequences([EOS], 1, '')).toMatchObject([
      { stopTokenIds: [EOS], mayStopByText: false },
    ]);
  });
});

describe('special tokens', () => {
  it.each([
    ['are no text', undefined, ''],
    ['are text where they are asked for', new Set([0]), '<|endoftext|>'],
  ])('%s', async (_, shownTokenIds, text) => {
    const { completion, ids } = start(shownTokenIds === undefined ? {} : { shownTokenIds });
    for (const id of ids) completion.receive({ id, token: { tokenId: 0 }, finish: 'stop' }, TIMES);
    const { events } = await drain(completion);
    expect(events[0]).toMatchObject({ type: 'delta', text });
  });
});
