import { describe, expect, it } from 'vitest';
import { planByConfigJson } from '../../../src/model/architectures/registry.ts';
import type { DecoderConfig } from '../../../src/model/decoder-config.ts';
import { rotaryFrequencies } from '../../../src/model/rotary.ts';
import { numElements } from '../../../src/weights/safetensors-header.ts';
import { expectRelativelyClose } from '../../support/compare.ts';
import {
  type Case,
  GEMMA,
  GEMMA_4B,
  LLAMA,
  PUBLISHED,
  QWEN2,
  QWEN3,
  byChanges,
  configOf,
  publishedConfig,
} from '../../support/published-configs.ts';

const windowsOf = ({ layers }: DecoderConfig) => layers.map(({ window }) => window ?? null);

describe('a published config.json', () => {
  /** As the models' own pages have them; of gemma-3-4b-it, the language model. */
  it.each([
    ['SmolLM2-135M', 134_515_008],
    ['TinyLlama-1.1B-Chat-v1.0', 1_100_048_384],
    ['Llama-3.2-1B', 1_235_814_400],
    ['Qwen2.5-0.5B-Instruct', 494_032_768],
    ['Qwen3-0.6B', 596_049_920],
    ['gemma-3-270m-it', 268_098_176],
    ['gemma-3-1b-it', 999_885_952],
    ['gemma-3-4b-it', 3_880_263_168],
  ])('%s has %i parameters, and is what transformers makes of it', (name, numParameters) => {
    const expected = PUBLISHED[name];
    const { config, parameters } = planByConfigJson(publishedConfig(name));
    const decoder = config as DecoderConfig;
    expect(parameters.reduce((sum, { shape }) => sum + numElements(shape), 0)).toBe(numParameters);
    expect(expected?.num_parameters).toBe(numParameters);
    expect({
      head_dim: decoder.headDim,
      num_kv_heads: decoder.numKvHeads,
      max_position_embeddings: decoder.contextLength,
      windows: windowsOf(decoder),
      attention_scale: decoder.attentionScale,
      tied: decoder.tiedHead,
      qkv_bias: decoder.qkvBias,
    }).toEqual({
      head_dim: expected?.head_dim,
      num_kv_heads: expected?.num_kv_heads,
      max_position_embeddings: expected?.max_position_embeddings,
      windows: expected?.windows,
      attention_scale: expect.closeTo(expected?.attention_scale ?? NaN, 12) as number,
      tied: expected?.tied,
      qkv_bias: expected?.qkv_bias,
    });
  });

  it.each(Object.keys(PUBLISHED))('%s turns its heads as fast as in transformers', (name) => {
    const { rotations, headDim, layers } = configOf(publishedConfig(name));
    const expected = PUBLISHED[name]?.frequencies ?? [];
    expect(rotations).toHaveLength(expected.length);
    for (const [index, rotation] of rotations.entries()) {
      const found = rotaryFrequencies(rotation, headDim); // [headDim / 2]
      expectRelativelyClose(found, expected[index] ?? [], 1e-6);
    }
    // The rotation of those that slide is the first of two.
    for (const { window, rotation } of layers)
      expect(rotation).toBe(expected.length === 2 && window === undefined ? 1 : 0);
  });

  it('is read field by field: Llama', () => {
    expect(configOf(LLAMA)).toEqual({
      architecture: 'llama',
      vocabSize: 128_256,
      contextLength: 131_072,
      dim: 2048,
      numHeads: 32,
      numKvHeads: 8,
      headDim: 64,
      numLayers: 16,
      mlpDim: 8192,
      rmsNormEpsilon: 1e-5,
      bosTokenId: 128_000,
      eosTokenIds: [128_001],
      tiedHead: true,
      qkvBias: false,
      outputBias: false,
      mlpBias: false,
      headNorms: false,
      sandwichNorms: false,
      gateActivation: 'silu',
      embeddingScale: 1,
      attentionScale: 0.125,
      rotaryPairing: 'halves',
      rotations: [
        {
          theta: 500_000,
          scaling: {
            type: 'llama3',
            factor: 32,
            lowFreqFactor: 1,
            highFreqFactor: 4,
            originalContextLength: 8192,
          },
        },
      ],
      layers: Array.from({ length: 16 }, () => ({ window: undefined, rotation: 0 })),
    });
  });

  it('is read field by field: what Qwen and Gemma have of their own', () => {
    expect(configOf(QWEN2)).toMatchObject({
      architecture: 'qwen2',
      qkvBias: true,
      outputBias: false,
      headNorms: false,
      rotations: [{ theta: 1_000_000, scaling: { type: 'default' } }],
    });
    expect(configOf(QWEN3)).toMatchObject({ architecture: 'qwen3', headNorms: true, qkvBias: false });
    expect(configOf(GEMMA)).toMatchObject({
      architecture: 'gemma3',
      headNorms: true,
      sandwichNorms: true,
      gateActivation: 'gelu',
      embeddingScale: Math.sqrt(1152),
      eosTokenIds: [1, 106],
      bosTokenId: 2,
      rotations: [
        { theta: 10_000, scaling: { type: 'default' } },
        { theta: 1_000_000, scaling: { type: 'default' } },
      ],
    });
    expect(configOf(GEMMA_4B)).toMatchObject({
      numHeads: 8,
      vocabSize: 262_208,
      eosTokenIds: [1, 106],
      rotations: [{ scaling: { type: 'default' } }, { scaling: { type: 'linear', factor: 8 } }],
    });
  });
});

describe('a field of config.json', () => {
  const halves = ['sliding_attention', 'full_attention'].flatMap((type) => Array<string>(12).fill(type));

  const read: Case<Partial<DecoderConfig>>[] = [
    [LLAMA, { attention_bias: true }, { qkvBias: true, outputBias: true, mlpBias: false }],
    [LLAMA, { mlp_bias: true }, { qkvBias: false, mlpBias: true }],
    [LLAMA, { num_key_value_heads: null }, { numKvHeads: 32 }],
    [LLAMA, { head_dim: undefined }, { headDim: 64 }],
    [LLAMA, { head_dim: 128 }, { headDim: 128, attentionScale: 1 / Math.sqrt(128) }],
    [LLAMA, { tie_word_embeddings: undefined }, { tiedHead: false }],
    [LLAMA, { rms_norm_eps: undefined }, { rmsNormEpsilon: 1e-6 }],
    [LLAMA, { eos_token_id: [1, 2, 3] }, { eosTokenIds: [1, 2, 3] }],
    [LLAMA, { eos_token_id: null, bos_token_id: null }, { eosTokenIds: [], bosTokenId: undefined }],
    [LLAMA, { rope_scaling: null }, { rotations: [{ theta: 500_000, scaling: { type: 'default' } }] }],
    [
      LLAMA,
      { rope_scaling: { type: 'linear', factor: 2 } },
      { rotations: [{ theta: 500_000, scaling: { type: 'linear', factor: 2 } }] },
    ],
    [
      LLAMA,
      {
        rope_theta: undefined,
        rope_scaling: undefined,
        rope_parameters: { rope_type: 'default', rope_theta: 7 },
      },
      { rotations: [{ theta: 7, scaling: { type: 'default' } }] },
    ],
    [
      LLAMA,
      { rope_theta: undefined, rope_scaling: { rope_type: 'default', rope_theta: 7 } },
      { rotations: [{ theta: 7, scaling: { type: 'default' } }] },
    ],
    [
      LLAMA,
      { rope_scaling: { type: 'linear', factor: 2 }, rope_parameters: { rope_theta: 7 } },
      { rotations: [{ theta: 7, scaling: { type: 'linear', factor: 2 } }] },
    ],
    [QWEN3, { attention_bias: true }, { qkvBias: true, outputBias: true }],
    [QWEN3, { head_dim: undefined }, { headDim: 128 }],
    [GEMMA, { query_pre_attn_scalar: 64 }, { attentionScale: 0.125 }],
    [GEMMA, { tie_word_embeddings: false }, { tiedHead: false }],
  ];

  it.each(byChanges(read))('is read: %s', (_, base, changes, expected) => {
    expect(configOf({ ...base, ...changes })).toMatchObject(expected);
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>, (number | null)[]]>([
    ['not in use', QWEN2, { max_window_layers: 12 }, Array<null>(24).fill(null)],
    [
      'from a layer on',
      QWEN2,
      { use_sliding_window: true, max_window_layers: 12, sliding_window: 100 },
      [...Array<null>(12).fill(null), ...Array<number>(12).fill(100)],
    ],
    [
      'by the defaults of transformers',
      QWEN2,
      {
        use_sliding_window: true,
        num_hidden_layers: 30,
        max_window_layers: undefined,
        sliding_window: undefined,
      },
      [...Array<null>(28).fill(null), 4096, 4096],
    ],
    [
      'by a list',
      QWEN2,
      { use_sliding_window: true, layer_types: halves, sliding_window: 100 },
      [...Array<number>(12).fill(100), ...Array<null>(12).fill(null)],
    ],
    [
      'by a pattern',
      GEMMA,
      { sliding_window_pattern: 2, num_hidden_layers: 5, sliding_window: 9 },
      [9, null, 9, null, 9],
    ],
    ['of every layer but none', GEMMA, { sliding_window_pattern: 1, num_hidden_layers: 2 }, [null, null]],
  ])('says which layers look back over a window: %s', (_, base, changes, windows) => {
    expect(windowsOf(configOf({ ...base, ...changes }))).toEqual(windows);
  });
});
