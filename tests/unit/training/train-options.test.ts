import { describe, expect, it } from 'vitest';
import { parseTrainOptions } from '../../../src/training/train-options.ts';

describe('options of the train command', () => {
  const needed = ['--corpus', 'a.txt', '--out', 'model'];

  it('take files after --corpus, and have defaults', () => {
    expect(parseTrainOptions(['--corpus', 'a.txt', 'b.txt', '--out', 'model'], 4)).toMatchObject({
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

  it('return nothing where help is asked for', () => {
    expect(parseTrainOptions(['--help'], 2)).toBeUndefined();
  });

  it.each([
    [['--out', 'model'], /--corpus is needed/],
    [['--corpus', 'a.txt'], /--out is needed/],
    [[...needed, '--steps', '1.5'], /--steps must be an integer of at least 1, not "1.5"/],
    [[...needed, '--dropout', '1'], /--dropout must be a number from 0 to 0.9, not "1"/],
    [[...needed, '--learning-rate', 'fast'], /--learning-rate must be a number/],
    [[...needed, '--dtype', 'f8'], /--dtype must be f16 or f32/],
    [[...needed, '--epochs', '3'], /--epochs/],
  ])('refuse %j', (args, message) => {
    expect(() => parseTrainOptions(args, 2)).toThrow(message);
  });
});
