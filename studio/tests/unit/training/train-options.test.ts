import { describe, expect, it } from 'vitest';
import { readTrainOptions, TRAIN_FLAGS } from '../../../training/train-options.ts';

describe('options of the train command', () => {
  const target = { corpus: ['a.txt', 'b.txt'], out: 'model', resume: false };

  it('have defaults', () => {
    expect(readTrainOptions(target, {}, 4)).toMatchObject({
      corpus: ['a.txt', 'b.txt'],
      out: 'model',
      resume: false,
      vocabSize: 3072,
      contextLength: 512,
      dropout: 0.1,
      dtype: 'F16',
      numThreads: 4,
    });
  });

  it('take each flag that there is', () => {
    const given = Object.fromEntries(TRAIN_FLAGS.map(({ flag }) => [flag, 'x']));
    for (const { flag } of TRAIN_FLAGS.filter(({ flag: name }) => name !== 'corpus-note')) {
      expect(() => readTrainOptions(target, { [flag]: given[flag] ?? '' }, 4)).toThrow(`--${flag} must be`);
    }
    expect(readTrainOptions(target, { 'corpus-note': 'x', threads: '3', dtype: 'f32' }, 4)).toMatchObject({
      corpusNote: 'x',
      numThreads: 3,
      dtype: 'F32',
    });
  });

  it.each([
    [{ steps: '1.5' }, /--steps must be an integer of at least 1, not "1.5"/],
    [{ context: '100' }, /--context must be a multiple of 8, not 100/],
    [{ 'vocab-size': '300' }, /--vocab-size must be a multiple of 8, not 300/],
    [{ dropout: '1' }, /--dropout must be a number from 0 to 0.9, not "1"/],
    [{ 'learning-rate': 'fast' }, /--learning-rate must be a number/],
    [{ dtype: 'f8' }, /--dtype must be f16 or f32/],
    [{ schedule: 'line' }, /--schedule must be one of cosine, wsd, not "line"/],
    [{ 'decay-steps': '10' }, /--decay-steps is of --schedule wsd alone/],
    [
      { schedule: 'wsd', steps: '9', 'decay-steps': '10' },
      /--decay-steps must be at most --steps, 9, not 10/,
    ],
  ])('refuse %j', (given, message) => {
    expect(() => readTrainOptions(target, given, 2)).toThrow(message);
  });
});
