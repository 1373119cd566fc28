import { describe, expect, it } from 'vitest';
import { makeClientId } from '../../../src/fairness/client-id.ts';
import { Scheduler } from '../../../src/scheduler/scheduler.ts';
import { createSequence, type DraftGuide, type Sequence } from '../../../src/scheduler/sequence.ts';

const STEP_MS = 4;
const NUM_STEPS = 2000;

/** A guide that takes so long for each token. */
class SlowGuide implements DraftGuide {
  readonly msPerToken: number;
  totalMs = 0;
  #ms = 0;

  constructor(msPerToken: number) {
    this.msPerToken = msPerToken;
  }

  work(): number {
    this.#ms += this.msPerToken;
    this.totalMs += this.msPerToken;
    return this.msPerToken;
  }

  takeWorkMs(): number {
    const ms = this.#ms;
    this.#ms = 0;
    return ms;
  }

  forcedTokens(): readonly number[] {
    return [];
  }

  numAllowed(): number {
    return 0;
  }
}

interface Text {
  clientId: string;
  /** Of a guide for each token; undefined: the text has no format. */
  guideMs?: number;
}

/** How many tokens each text has after some steps, and how long they took. */
function run(texts: readonly Text[]): { numTokens: number[]; guideMs: number; totalMs: number } {
  const scheduler = new Scheduler({
    numPages: 1024,
    numSeats: 8,
    maxNumBatchedTokens: 64,
    prefixCache: false,
  });
  const sequences = texts.map(({ clientId, guideMs }, id): Sequence => {
    const guide = guideMs === undefined ? undefined : new SlowGuide(guideMs);
    const sequence = createSequence(id, [0], Infinity, undefined, clientId, guide);
    scheduler.add(sequence);
    return sequence;
  });
  let guideMs = 0;
  for (let i = 0; i < NUM_STEPS; i++) {
    const step = scheduler.schedule();
    if (step === undefined) throw new Error('there is always something to compute');
    let ms = 0;
    for (const { sequence } of step.sequences) {
      sequence.tokenIds.push(0);
      if (sequence.guide instanceof SlowGuide) ms += sequence.guide.work();
    }
    guideMs += ms;
    // What was pushed is not computed yet.
    for (const { sequence } of step.sequences) sequence.tokenIds.pop();
    scheduler.advance(step, STEP_MS + ms);
    for (const { sequence } of step.sequences) sequence.tokenIds.push(0);
  }
  return {
    numTokens: sequences.map(({ tokenIds }) => tokenIds.length - 1),
    guideMs,
    totalMs: NUM_STEPS * STEP_MS + guideMs,
  };
}

const ANN = makeClientId('10.0.0.1', '');
const BOB = makeClientId('10.0.0.2', '');
const CLEO = makeClientId('10.0.0.3', '');

describe('a format whose guide is slow', () => {
  it('takes little of the time of others, who get a token in every step', () => {
    const { numTokens, guideMs } = run([{ clientId: ANN, guideMs: 40 }, { clientId: BOB }]);
    expect(numTokens[1]).toBe(NUM_STEPS);
    // What it has at first, and a quarter of the time of the model: a half, shared with the other.
    expect(guideMs).toBeLessThan(250 + 40 + (NUM_STEPS * STEP_MS) / 4);
    expect(guideMs).toBeGreaterThan((NUM_STEPS * STEP_MS) / 4);
  });

  it('takes no more where a client has many of them, or many keys', () => {
    const texts = [1, 2, 3, 4, 5].map((key) => ({
      clientId: makeClientId('10.0.0.1', `key ${key}`),
      guideMs: 40,
    }));
    const { numTokens, guideMs } = run([...texts, { clientId: BOB }]);
    expect(numTokens.at(-1)).toBe(NUM_STEPS);
    expect(guideMs).toBeLessThan(250 + 5 * 40 + (NUM_STEPS * STEP_MS) / 4);
  });

  it('makes steps at most half as long again, however many clients have one', () => {
    const slow = [1, 2, 3, 4, 5].map((n) => ({ clientId: makeClientId(`10.0.1.${n}`, ''), guideMs: 40 }));
    const { numTokens, guideMs } = run([...slow, { clientId: BOB }]);
    expect(numTokens.at(-1)).toBe(NUM_STEPS);
    expect(guideMs).toBeLessThan(5 * (250 + 40) + (NUM_STEPS * STEP_MS) / 2);
  });

  it("does not hold up its client's texts without a format", () => {
    const { numTokens } = run([{ clientId: ANN, guideMs: 40 }, { clientId: ANN }, { clientId: BOB }]);
    expect(numTokens.slice(1)).toEqual([NUM_STEPS, NUM_STEPS]);
  });

  it('goes on at each step where there is no other client', () => {
    expect(run([{ clientId: ANN, guideMs: 40 }]).numTokens).toEqual([NUM_STEPS]);
  });

  it('goes on where all others have slow ones, too', () => {
    const { numTokens } = run([ANN, BOB, CLEO].map((clientId) => ({ clientId, guideMs: 40 })));
    for (const count of numTokens) expect(count).toBeGreaterThan(NUM_STEPS / 4);
  });

  it('does not wait where its guide is as quick as guides of natural formats are', () => {
    const texts = [ANN, BOB, CLEO].map((clientId) => ({ clientId, guideMs: 0.3 }));
    expect(run(texts).numTokens).toEqual([NUM_STEPS, NUM_STEPS, NUM_STEPS]);
  });
});
