import { describe, expect, it } from 'vitest';
import { planByGguf } from '../../../src/model/architectures/registry.ts';
import type { DecoderConfig } from '../../../src/model/decoder-config.ts';
import { readGgufHeader } from '../../../src/weights/gguf/gguf-header.ts';
import { configIn } from '../../support/architecture-fixtures.ts';
import { fixturePath } from '../../support/fixtures.ts';

const MODELS = {
  llama: 'tiny-llama/gqa',
  scaled: 'tiny-llama/tied-llama3-rope',
  qwen2: 'tiny-qwen2/tied',
  qwen3: 'tiny-qwen3/head-dim-16',
  gemma3: 'tiny-gemma3/pattern-6',
};
type Name = keyof typeof MODELS;

const HEADERS = new Map(
  await Promise.all(
    Object.entries(MODELS).map(
      async ([name, folder]) => [name, await readGgufHeader(fixturePath(folder, 'model-q8_0.gguf'))] as const,
    ),
  ),
);

function planOf(name: Name, changes: Record<string, unknown> = {}, removedTensors: readonly string[] = []) {
  const header = HEADERS.get(name);
  if (header === undefined) throw new Error(`no header of ${name}`);
  const tensors = new Map(header.tensors);
  for (const tensor of removedTensors) tensors.delete(tensor);
  return planByGguf(new Map([...header.metadata, ...Object.entries(changes)]), tensors);
}

const configOf = (...parameters: Parameters<typeof planOf>) => planOf(...parameters).config as DecoderConfig;

describe("the metadata of a decoder's GGUF file", () => {
  it.each(Object.keys(MODELS) as Name[])(
    'says what the config.json said that it was made from: %s',
    (name) => {
      // Tokens come from the tokenizer there; the format stores factors of angles, single precision, and sorted rows.
      const known = (config: DecoderConfig) => ({
        ...config,
        rotations: config.rotations.map(({ theta }) => theta),
        rmsNormEpsilon: Math.fround(config.rmsNormEpsilon),
        ...{ rotaryPairing: undefined, bosTokenId: undefined, eosTokenIds: undefined },
      });
      const config = configIn(fixturePath(MODELS[name])) as DecoderConfig;
      expect(known(configOf(name))).toEqual(known(config));
    },
  );

  it('says more than fixtures do', () => {
    expect(configOf('llama', { 'llama.context_length': 1n << 20n }).contextLength).toBe(2 ** 20);
    expect(
      configOf('llama', { 'llama.rope.scaling.type': 'linear', 'llama.rope.scaling.factor': 2 }).rotations,
    ).toMatchObject([{ scaling: { type: 'linear', factor: 2 } }]);
    expect(configOf('scaled').rotations).toMatchObject([{ scaling: { type: 'stored' } }]);
    expect(configOf('gemma3', { 'gemma3.final_logit_softcapping': 0 }).architecture).toBe('gemma3');
    const { layers } = configOf('gemma3', { 'gemma3.attention.sliding_window_pattern': 2 });
    expect(layers.map(({ window }) => window)).toEqual([16, undefined, 16, undefined, 16, undefined]);
  });

  it.each<[string, Record<string, unknown>, object]>([
    ['a factor', { 'llama.rope.scaling.factor': 2 }, { type: 'linear', factor: 2 }],
    ['its old name', { 'llama.rope.scale_linear': 4 }, { type: 'linear', factor: 4 }],
    ['a type', { 'llama.rope.scaling.type': 'linear' }, { type: 'default' }],
    ['none', { 'llama.rope.scaling.type': 'none', 'llama.rope.scaling.factor': 2 }, { type: 'default' }],
    ['zero', { 'llama.rope.scaling.type': 'linear', 'llama.rope.scaling.factor': 0 }, { type: 'default' }],
  ])('has its scaling as llama.cpp has it where it says less than all: %s', (_, changes, scaling) => {
    expect(configOf('llama', changes).rotations).toMatchObject([{ scaling }]);
  });

  it('may say 0 of what the model does not have, as files that llama.cpp saves do', () => {
    expect(configOf('llama', { 'llama.expert_count': 0 })).toEqual(configOf('llama'));
    expect(configOf('qwen2', { 'qwen2.attention.sliding_window': 0 })).toEqual(configOf('qwen2'));
    expect(configOf('llama', { 'split.count': 1, 'split.no': 0 })).toEqual(configOf('llama'));
  });

  it.each([0, undefined])('has no layer with a window where it gives none: %s', (window) => {
    const { layers } = configOf('gemma3', { 'gemma3.attention.sliding_window': window });
    expect(layers).toEqual(Array.from({ length: 6 }, () => ({ window: undefined, rotation: 1 })));
  });

  it.each<[Name, Record<string, unknown>, RegExp]>([
    [
      'llama',
      { 'general.architecture': 'gemma2' },
      /"gemma2" is not supported; supported: gpt2, llama, qwen2/,
    ],
    ['llama', { 'general.architecture': 5 }, /no "general.architecture"/],
    ['llama', { 'llama.context_length': undefined }, /metadata of llama: context_length: it is missing/],
    ['llama', { 'llama.context_length': 1n << 60n }, /context_length/],
    ['llama', { 'llama.embedding_length': '32' }, /embedding_length/],
    ['llama', { 'llama.block_count': 1_000_000_000 }, /block_count is 1000000000, but there are \d+ tensors/],
    ['qwen2', { 'qwen2.feed_forward_length': [64, 64] }, /feed_forward_length/],
    ['llama', { 'llama.attention.head_count_kv': 3 }, /is not a multiple of 3/],
    ['llama', { 'llama.attention.head_count_kv': [2, 2] }, /head_count_kv/],
    ['qwen3', { 'qwen3.attention.key_length': 7 }, /head_dim is odd/],
    ['qwen3', { 'qwen3.attention.value_length': 8 }, /qwen3.attention.value_length 8 is not supported/],
    ['llama', { 'llama.rope.dimension_count': 4 }, /llama.rope.dimension_count 4 is not supported/],
    ['llama', { 'llama.rope.freq_base': 0 }, /rope.freq_base/],
    ['llama', { 'llama.rope.freq_base': NaN }, /rope.freq_base/],
    ['llama', { 'llama.rope.scaling.type': 'yarn' }, /rope.scaling.type "yarn" is not supported/],
    ['llama', { 'llama.rope.scaling.attn_factor': 1.2 }, /rope.scaling.attn_factor/],
    ['scaled', { 'llama.rope.scaling.type': 'yarn' }, /rope.scaling.type "yarn" is not supported/],
    ['scaled', { 'llama.rope.scaling.factor': 2 }, /rope.scaling.factor beside the tensor "rope_freqs/],
    ['llama', { 'llama.attention.causal': false }, /attention.causal/],
    ['llama', { 'llama.attention.layer_norm_rms_epsilon': -1 }, /layer_norm_rms_epsilon/],
    ['llama', { 'llama.expert_count': 8 }, /mixture of experts/],
    ['llama', { 'tokenizer.ggml.eos_token_id': 100_000 }, /token id 100000 lies outside the vocabulary/],
    ['gemma3', { 'gemma3.attention.sliding_window': -1 }, /sliding_window/],
    ['gemma3', { 'gemma3.attention.sliding_window_pattern': 'swa' }, /sliding_window_pattern/],
    ['gemma3', { 'gemma3.final_logit_softcapping': 30 }, /final_logit_softcapping/],
    ['gemma3', { 'gemma3.attn_logit_softcapping': 50 }, /attn_logit_softcapping/],
  ])('is refused, and the key named: %s %o', (name, changes, message) => {
    expect(() => planOf(name, changes)).toThrow(
      expect.objectContaining({ code: 'config_invalid', message: expect.stringMatching(message) as unknown }),
    );
  });

  it('is not enough without an embedding', () => {
    expect(() => planOf('llama', {}, ['token_embd.weight'])).toThrow(
      expect.objectContaining({
        code: 'weights_invalid',
        message: expect.stringContaining('no tensor "token_embd.weight"') as unknown,
      }),
    );
  });
});
