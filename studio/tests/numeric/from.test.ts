import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../training/checkpoint.ts';
import { readStartModel } from '../../training/start-model.ts';
import { train } from '../../training/train.ts';
import type { TrainOptions } from '../../training/train-options.ts';
import { readTrainOptions } from '../../training/train-options.ts';
import { fixturePath } from '../../../tests/support/fixtures.ts';
import { smallDocuments, smallOptions, smallText } from '../support/small-training.ts';

const SIZES = { steps: '8', batch: '4', warmup: '2', 'evaluate-every': '4', threads: '2', dtype: 'f32' };
const run = (options: TrainOptions): Promise<void> => train(options, new AbortController().signal);

describe('a run that begins with another model', () => {
  let directory: string;
  const inside = (name: string): string => join(directory, name);
  const from = (
    model: string,
    corpus: string,
    out: string,
    more: Readonly<Record<string, string>> = {},
    resume = false,
  ): TrainOptions => {
    const target = { corpus: [inside(corpus)], out: inside(out), from: inside(model), resume };
    return readTrainOptions(target, { ...SIZES, ...more }, 2);
  };
  const weightsOf = (out: string): Promise<Buffer> => readFile(join(inside(out), 'model.safetensors'));

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'from-'));
    await writeFile(inside('fables.txt'), smallText());
    await writeFile(inside('documents.jsonl'), smallDocuments());
    const target = { directory, corpus: ['fables.txt', 'documents.jsonl'], out: 'first' };
    await run(smallOptions(target));
    await run(smallOptions({ directory, corpus: ['fables.txt'], out: 'book' }, { 'vocab-size': '272' }));
    const config = JSON.parse(await readFile(join(inside('first'), 'config.json'), 'utf8')) as object;
    await copyWith('other-gain', 'config.json', JSON.stringify({ ...config, layer_norm_epsilon: 0.01 }));
    await copyWith('no-json', 'tokenizer.json', '{');
  });
  /** A copy of the first model with another file in place of one of its own. */
  async function copyWith(out: string, file: string, text: string): Promise<void> {
    await cp(inside('first'), inside(out), { recursive: true });
    await writeFile(join(inside(out), file), text);
  }

  afterAll(() => rm(directory, { recursive: true }));

  it('begins with its weights: a step at no rate leaves them as they are', async () => {
    await run(from('first', 'fables.txt', 'still', { steps: '1', 'learning-rate': '0' }));
    expect(await weightsOf('still')).toEqual(await weightsOf('first'));
  });

  it('begins with the mean of two models', async () => {
    await run(from('first', 'fables.txt', 'other'));
    const options = from('first', 'fables.txt', 'mean', { steps: '1', 'learning-rate': '0' });
    await run({ ...options, meanWith: inside('other') });
    const [one, two, mean] = await Promise.all(
      ['first', 'other', 'mean'].map(async (out) => (await readStartModel(inside(out))).weights),
    );
    for (const [name, values] of mean ?? []) {
      const expected = values.map(
        (_, i) => ((one?.get(name)?.[i] ?? NaN) + (two?.get(name)?.[i] ?? NaN)) / 2,
      );
      expect(values).toEqual(expected);
    }
    const card = await readFile(join(inside('mean'), 'README.md'), 'utf8');
    expect(card).toContain('--from first --mean-with other');
    expect(card).toContain('in the mean with `other`');
  });

  it('keeps its vocabulary, its turns and its shape, on another corpus', async () => {
    await run(from('first', 'documents.jsonl', 'next'));
    for (const file of ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'generation_config.json']) {
      expect(await readFile(join(inside('next'), file), 'utf8')).toBe(
        await readFile(join(inside('first'), file), 'utf8'),
      );
    }
    expect(await weightsOf('next')).not.toEqual(await weightsOf('first'));
    const card = await readFile(join(inside('next'), 'README.md'), 'utf8');
    expect(card).toContain('what the model `first` had read');
    expect(card).toContain('--from first');
    expect(card).not.toContain('--dim');
  });

  it('learns what it goes on with better than from nothing', async () => {
    const lossOf = async (out: string): Promise<number> =>
      (await readCheckpoint(join(inside(out), 'checkpoint.safetensors'))).state.history[0]?.trainingLoss ??
      NaN;
    await run(from('first', 'fables.txt', 'again'));
    expect(await lossOf('again')).toBeLessThan((await lossOf('book')) - 1);
  });

  it('is resumed to the same bits, and not with another model', async () => {
    const more = { schedule: 'wsd', 'decay-steps': '2' };
    await run(from('first', 'fables.txt', 'whole', more));
    await run(from('first', 'fables.txt', 'parts', { ...more, steps: '4', 'decay-steps': '0' }));
    await run(from('first', 'fables.txt', 'parts', more, true));
    expect(await weightsOf('parts')).toEqual(await weightsOf('whole'));
    await expect(
      run(from('still', 'fables.txt', 'parts', { ...more, steps: '12' }, true)),
    ).resolves.toBeUndefined();
    await expect(run(from('next', 'fables.txt', 'parts', { ...more, steps: '16' }, true))).rejects.toThrow(
      /has other flags: --from another model;/,
    );
  });

  it.each([
    ['--from and --out are both', () => from('first', 'fables.txt', 'first')],
    [
      '--mean-with and --out are both',
      () => ({ ...from('first', 'fables.txt', 'book'), meanWith: inside('book') }),
    ],
    [
      '--mean-with goes with --from',
      () => readTrainOptions({ corpus: ['a'], out: 'b', meanWith: 'c', resume: false }, {}, 1),
    ],
    ['it has another shape', () => ({ ...from('first', 'fables.txt', 'new'), meanWith: inside('book') })],
    ['no tokens for turns', () => from('book', 'documents.jsonl', 'new')],
    ['config.json', () => from('nothing', 'fables.txt', 'new')],
    ['--dim is that of the model', () => from('first', 'fables.txt', 'new', { dim: '32' })],
    [
      'tokenizer.json is none that this trainer made',
      () => ({ ...from('first', 'fables.txt', 'new'), from: fixturePath('tiny-gpt2') }),
    ],
    ['config.json is none that this trainer made', () => from('other-gain', 'fables.txt', 'new')],
    ['tokenizer.json is none that this trainer made', () => from('no-json', 'fables.txt', 'new')],
  ])('is refused: %s', async (complaint, options) => {
    const error: unknown = await Promise.resolve()
      .then(() => run(options()))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining(complaint) as string,
    });
  });
});
