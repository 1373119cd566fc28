import { describe, expect, it } from 'vitest';
import { parseGpt2Config } from '../../../../src/model/gpt2-config.ts';
import { fingerprintOf, flagsThatDiffer } from '../../../training/run-fingerprint.ts';
import type { StartModel } from '../../../training/start-model.ts';
import { readTrainOptions } from '../../../training/train-options.ts';

/** Of a run with these flags. */
function fingerprint(
  flags: Record<string, string>,
  { numTokens = 1000, start }: { numTokens?: number; start?: StartModel } = {},
): string {
  const options = readTrainOptions({ corpus: ['a'], out: 'b', resume: true }, flags, 1);
  const { vocabSize, contextLength, dim, numLayers, numHeads } = options;
  const config = parseGpt2Config({
    vocab_size: vocabSize,
    n_positions: contextLength,
    n_embd: dim,
    n_layer: numLayers,
    n_head: numHeads,
  });
  return fingerprintOf(options, config, numTokens, start);
}

describe('flagsThatDiffer', () => {
  const plain = fingerprint({});

  it('is nothing to runs that end alike', () => {
    expect(fingerprint({ threads: '3', 'checkpoint-every': '7', 'corpus-note': 'x' })).toBe(plain);
    expect(flagsThatDiffer(plain, plain)).toEqual([]);
  });

  it.each([
    ['vocab-size', '3072', '320'],
    ['context', '512', '64'],
    ['dim', '256', '64'],
    ['layers', '6', '2'],
    ['heads', '4', '8'],
    ['initial', 'gpt2', 'copying'],
    ['schedule', 'cosine', 'wsd'],
    ['steps', '2300', '5'],
    ['batch', '4', '8'],
    ['learning-rate', '0.0012', '0.5'],
    ['warmup', '100', '3'],
    ['weight-decay', '0.1', '0.2'],
    ['clip', '1', '2'],
    ['dropout', '0.1', '0'],
    ['seed', '1', '2'],
  ])('names --%s alone', (flag, value, other) => {
    expect(flagsThatDiffer(plain, fingerprint({ [flag]: other }))).toEqual([
      `--${flag} ${value} (not ${other})`,
    ]);
    expect(flagsThatDiffer(fingerprint({ [flag]: other }), plain)).toEqual([
      `--${flag} ${other} (not ${value})`,
    ]);
  });

  it('names the text, and the model that a run begins with', () => {
    const start = { digest: 'ab' } as StartModel;
    expect(flagsThatDiffer(plain, fingerprint({}, { numTokens: 7 }))).toEqual([
      'a text of 1000 tokens (not 7: other files, or another --held-out)',
    ]);
    expect(flagsThatDiffer(fingerprint({}, { start }), plain)).toEqual(['--from another model']);
    expect(flagsThatDiffer(plain, fingerprint({}, { start }))).toEqual(['--from left out']);
  });
});
