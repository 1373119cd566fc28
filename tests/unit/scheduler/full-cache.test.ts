import { expect, it } from 'vitest';
import { PAGE_TOKENS } from '../../../src/pages.ts';
import { type ScheduledStep, Scheduler } from '../../../src/scheduler/scheduler.ts';
import { createSequence } from '../../../src/scheduler/sequence.ts';

function step(scheduler: Scheduler): void {
  const next = scheduler.schedule();
  if (next === undefined) return;
  scheduler.advance(next);
  advanceTexts(scheduler, next);
}

/** Each text that is complete gets a token; one that has all leaves. */
function advanceTexts(scheduler: Scheduler, { sequences }: ScheduledStep): void {
  for (const { sequence, completesTokens } of sequences) {
    if (!completesTokens) continue;
    sequence.tokenIds.push(sequence.tokenIds.length);
    if (sequence.tokenIds.length === sequence.numPromptTokens + sequence.maxTokens)
      scheduler.remove(sequence.id);
  }
}

/** Two pages, and a sequence that has both and has had its slice. */
function fullCache(): Scheduler {
  const scheduler = new Scheduler({ numSeats: 4, numPages: 2, maxNumBatchedTokens: 64, prefixCache: true });
  const prompt = Array.from({ length: 20 }, (_, i) => i);
  scheduler.add(createSequence(0, prompt, 2 * PAGE_TOKENS - 20, undefined, 'a/1'));
  for (let i = 0; i < 90; i++) step(scheduler);
  return scheduler;
}

it.each([
  ['while others run', 0],
  ['once they have ended', 2 * PAGE_TOKENS],
])(
  'starts a sequence that begins in the middle of a page, though there is no room for a copy: %s',
  (_, numSteps) => {
    const scheduler = fullCache();
    for (let i = 0; i < numSteps; i++) step(scheduler);
    // It shares the first page, and twenty tokens of the second.
    const prompt = [...Array.from({ length: PAGE_TOKENS + 20 }, (_, i) => i), 999];
    const late = createSequence(1, prompt, 2, undefined, 'b/1');
    scheduler.add(late);
    for (let i = 0; i < 10; i++) step(scheduler);
    expect(late.tokenIds).toHaveLength(prompt.length + 2);
    expect(late.numCachedTokens).toBe(PAGE_TOKENS);
  },
);

it('does not keep short requests out for longer than a prompt that takes nearly all pages is computed', () => {
  const scheduler = new Scheduler({
    numSeats: 32,
    numPages: 256,
    maxNumBatchedTokens: 128,
    prefixCache: true,
  });
  const giantTokens = 15_000;
  const arrivals = new Map<number, number>();
  let nextId = 0;
  const add = (clientId: string, length: number, maxTokens: number): number => {
    const id = nextId++;
    const prompt = Array.from({ length }, (_, i) => i * 7 + id);
    scheduler.add(createSequence(id, prompt, maxTokens, undefined, clientId));
    return id;
  };
  for (let client = 0; client < 8; client++) add(`long${client}/1`, 200, 5000);
  for (let i = 0; i < 60; i++) add('giant/1', giantTokens, 50);
  const waits: number[] = [];
  for (let now = 0; now < 3000; now++) {
    if (now % 20 === 0) arrivals.set(add(`short${now}/1`, 30, 20), now);
    const next = scheduler.schedule();
    for (const { sequence } of next?.sequences ?? []) {
      const arrival = arrivals.get(sequence.id);
      if (arrival !== undefined) waits.push(now - arrival);
      arrivals.delete(sequence.id);
    }
    if (next === undefined) continue;
    scheduler.advance(next);
    advanceTexts(scheduler, next);
  }
  // A giant is computed in 118 steps, and may have been begun just before.
  const bound = 2 * Math.ceil(giantTokens / 128);
  expect(Math.max(...waits)).toBeLessThan(bound);
  for (const arrival of arrivals.values()) expect(3000 - arrival).toBeLessThan(bound);
});
