import { describe, expect, it } from 'vitest';
import { chooseLabels, type LabelSet } from '../../../src/decisions/labels.ts';
import type { Question } from '../../../src/decisions/question.ts';
import { EngineError } from '../../../src/errors.ts';

const setOf = (letters: string): LabelSet => ({
  labels: Array.from(letters),
  tokenIds: Array.from(letters, (letter) => letter.charCodeAt(0)),
});
const WORDS: LabelSet = { labels: ['Yes', 'No'], tokenIds: [1, 2] };
const question = (count: number): Question => ({
  type: 'choice',
  instructions: 'Which?',
  options: Array.from({ length: count }, (_, index) => ({ text: `${index}` })),
  param: 'questions[3]',
});
const predicate: Question = { type: 'predicate', instructions: 'Is it?', param: 'questions[0]' };

function refusalOf(action: () => unknown): EngineError {
  try {
    action();
  } catch (error) {
    if (error instanceof EngineError) return error;
  }
  throw new Error('was not refused');
}

describe('chooseLabels', () => {
  const labels = { words: [WORDS], alphabets: [setOf('ABC'), setOf('abcde')] };

  it('takes the first alphabet that is long enough, and no more of it than is needed', () => {
    expect(chooseLabels(labels, question(2))).toEqual(setOf('AB'));
    expect(chooseLabels(labels, question(3))).toEqual(setOf('ABC'));
    expect(chooseLabels(labels, question(4))).toEqual(setOf('abcd'));
  });

  it('answers a predicate by words, and by letters where there are none', () => {
    expect(chooseLabels(labels, predicate)).toEqual(WORDS);
    expect(chooseLabels({ ...labels, words: [] }, predicate)).toEqual(setOf('AB'));
  });

  it('refuses more options than there are labels, and says how many there are', () => {
    const { code, param, message } = refusalOf(() => chooseLabels(labels, question(6)));
    expect({ code, param }).toEqual({ code: 'invalid_request', param: 'questions[3].choices' });
    expect(message).toContain('has 6 entries; this model can tell 5 apart, by the labels a to e');
  });

  it('refuses all questions of a model that has no labels, and says why', () => {
    const { param, message } = refusalOf(() => chooseLabels({ words: [], alphabets: [] }, predicate));
    expect(param).toBe('questions[0]');
    expect(message).toContain('neither letters nor digits are one token each');
  });
});
