import { expect, it } from 'vitest';
import { splitBook } from '../../../training/corpus.ts';
import { promptsOf } from '../../../training/prompts.ts';
import { estimateMs, formatDuration } from '../../../training/train.ts';

it('counts the steps, and a forward pass over the held-out text for each look at it', () => {
  const sizes = {
    stepMs: 300,
    numSteps: 200,
    tokensPerStep: 1000,
    numHeldOutTokens: 5000,
    evaluateEvery: 100,
  };
  // 200 steps, and two looks of five forward passes, each a third of a step.
  expect(estimateMs(sizes)).toBeCloseTo(200 * 300 + 2 * 5 * 100, 6);
  expect(estimateMs({ ...sizes, numHeldOutTokens: 0 })).toBe(60_000);
});

it.each([
  [200, '1 s'],
  [59_400, '59 s'],
  [60_000, '1 min'],
  [3_540_000, '59 min'],
  [3_600_000, '1 h 0 min'],
  [15_000_000, '4 h 10 min'],
])('%i ms are %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

it('takes beginnings of sentences that were held out, from all texts', () => {
  const text = (name: string): string =>
    Array.from({ length: 100 }, (_, i) => `${name} number ${i} went over the hill to the sea.`).join(' ');
  const books = ['Fox', 'Owl'].map((name) => splitBook(name, text(name), 0.2));
  const prompts = promptsOf(books, 4);
  expect(prompts).toHaveLength(4);
  for (const prompt of prompts) expect(prompt).toMatch(/^(Fox|Owl) number [89]\d went over the$/);
  expect(prompts.some((prompt) => prompt.startsWith('Fox'))).toBe(true);
  expect(prompts.some((prompt) => prompt.startsWith('Owl'))).toBe(true);
});

it('takes what there is of a short text', () => {
  expect(promptsOf([splitBook('a', 'one two three four five six', 0.4)], 5)).toEqual(['five six']);
});
