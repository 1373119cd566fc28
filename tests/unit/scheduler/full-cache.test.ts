import { expect, it } from 'vitest';
import { PAGE_TOKENS } from '../../../src/pages.ts';
import { Scheduler } from '../../../src/scheduler/scheduler.ts';
import { createSequence } from '../../../src/scheduler/sequence.ts';

function step(scheduler: Scheduler): void {
  const next = scheduler.schedule();
  if (next === undefined) return;
  scheduler.advance(next);
  for (const { sequence, completesTokens } of next.sequences) {
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
