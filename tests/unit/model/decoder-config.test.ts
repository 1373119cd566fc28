import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { planByConfigJson } from '../../../src/model/architectures/registry.ts';
import type { DecoderConfig } from '../../../src/model/decoder-config.ts';
import { rotaryFrequencies } from '../../../src/model/rotary.ts';
import { numElements } from '../../../src/weights/safetensors-header.ts';
import { expectRelativelyClose } from '../../support/compare.ts';
import { readJsonFixture } from '../../support/fixtures.ts';

/** A published config.json and what transformers makes of it: scripts/goldens/published_configs.py. */
interface Published {
  config: Record<string, unknown>;
  num_parameters: number;
  head_dim: number;
  num_kv_heads: number;
  max_position_embeddings: number;
  windows: (number | null)[];
  attention_scale: number;
  tied: boolean;
  qkv_bias: boolean;
  frequencies: number[][];
}

const PUBLISHED = readJsonFixture('published-configs.json') as Record<string, Published>;

function publishedConfig(name: string): Record<string, unknown> {
  const { config } = PUBLISHED[name] ?? {};
  if (config === undefined) throw new Error(`no published config of ${name}`);
  return config;
}

const configOf = (json: unknown) => planByConfigJson(json).config as DecoderConfig;

const LLAMA = publishedConfig('Llama-3.2-1B');
const QWEN2 = publishedConfig('Qwen2.5-0.5B-Instruct');
const QWEN3 = publishedConfig('Qwen3-0.6B');
const GEMMA = publishedConfig('gemma-3-1b-it');
const GEMMA_4B = publishedConfig('gemma-3-4b-it');

type Case<T> = [base: Record<string, unknown>, changes: Record<string, unknown>, expected: T];

/** The changes lead, which name the test. */
function byChanges<T>(cases: readonly Case<T>[]) {
  return cases.map(
    ([base, changes, expected]) =>
      [inspect(changes, { breakLength: Infinity }), base, changes, expected] as const,
  );
}

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

describe('a config.json that cannot be served', () => {
  const text = (changes: object) => ({ text_config: { ...(GEMMA_4B['text_config'] as object), ...changes } });
  const llama3 = LLAMA['rope_scaling'] as object;

  const refused: Case<RegExp>[] = [
    ...['gemma2', 'mixtral', 'mistral', 'qwen3_moe', '', 'Llama', '__proto__'].map((name): Case<RegExp> => [
      LLAMA,
      { model_type: name },
      new RegExp(
        `model_type "${name}" is not supported; supported: gpt2, llama, qwen2, qwen3, gemma3_text, gemma3$`,
      ),
    ]),
    [
      LLAMA,
      { rope_scaling: { rope_type: 'yarn', factor: 4 } },
      /"yarn" is not supported; supported: default, linear/,
    ],
    [LLAMA, { rope_scaling: { type: 'dynamic', factor: 4 } }, /"dynamic" is not supported/],
    [QWEN3, { rope_parameters: { rope_type: 'longrope' } }, /"longrope" is not supported/],
    [GEMMA, { rope_scaling: { rope_type: 'yarn' } }, /"yarn" is not supported/],
    [GEMMA, { rope_parameters: { sliding_attention: { rope_type: 'yarn' } } }, /"yarn" is not supported/],
    [LLAMA, { rope_scaling: { rope_type: 'linear' } }, /"linear" needs "factor"/],
    [
      LLAMA,
      { rope_scaling: { ...llama3, high_freq_factor: undefined } },
      /"llama3" needs "high_freq_factor"/,
    ],
    [
      LLAMA,
      { rope_scaling: { ...llama3, high_freq_factor: 1 } },
      /high_freq_factor 1 must be above low_freq_factor 1/,
    ],
    [LLAMA, { rope_scaling: { ...llama3, factor: 0 } }, /rope_scaling\.factor/],
    [LLAMA, { rope_scaling: 'llama3' }, /rope_scaling/],
    [LLAMA, { rope_theta: -1 }, /rope_theta/],
    [LLAMA, { rope_theta: NaN }, /rope_theta/],
    [LLAMA, { rope_theta: Infinity }, /rope_theta/],
    [LLAMA, { rope_theta: '500000' }, /rope_theta/],
    [LLAMA, { partial_rotary_factor: 0.5 }, /partial_rotary_factor 0.5 is not supported/],
    [
      LLAMA,
      { rope_scaling: null, rope_parameters: { rope_type: 'default', partial_rotary_factor: 0.5 } },
      /partial_rotary_factor 0.5 is not supported/,
    ],
    [
      LLAMA,
      { rope_scaling: { rope_type: 'linear', factor: 2, partial_rotary_factor: 0.5 } },
      /partial_rotary_factor 0.5 is not supported/,
    ],
    [LLAMA, { is_causal: false }, /is_causal/],
    [LLAMA, { num_attention_heads: 30 }, /30 is not a multiple of 8/],
    [LLAMA, { head_dim: null, num_attention_heads: 24 }, /2048 is not a multiple of 24 heads/],
    [LLAMA, { num_key_value_heads: 5 }, /32 is not a multiple of 5/],
    [LLAMA, { num_key_value_heads: 64 }, /32 is not a multiple of 64/],
    [LLAMA, { head_dim: 63 }, /head_dim is odd/],
    [LLAMA, { hidden_size: 32 * 63, head_dim: undefined }, /head_dim is odd/],
    [LLAMA, { head_dim: 0 }, /head_dim/],
    [LLAMA, { num_hidden_layers: 1e9 }, /num_hidden_layers/],
    [LLAMA, { num_hidden_layers: 0 }, /num_hidden_layers/],
    [LLAMA, { hidden_size: 2 ** 53 }, /hidden_size/],
    [LLAMA, { hidden_size: undefined }, /hidden_size/],
    [LLAMA, { intermediate_size: '8192' }, /intermediate_size/],
    [LLAMA, { vocab_size: 1.5 }, /vocab_size/],
    [LLAMA, { max_position_embeddings: -131_072 }, /max_position_embeddings/],
    [LLAMA, { max_position_embeddings: NaN }, /max_position_embeddings/],
    [LLAMA, { rms_norm_eps: 0 }, /rms_norm_eps/],
    [LLAMA, { rms_norm_eps: NaN }, /rms_norm_eps/],
    [LLAMA, { hidden_act: 'gelu' }, /hidden_act/],
    [LLAMA, { attention_bias: 'yes' }, /attention_bias/],
    [LLAMA, { eos_token_id: 128_256 }, /token id 128256 lies outside the vocabulary of 128256/],
    [LLAMA, { bos_token_id: -1 }, /bos_token_id/],
    [LLAMA, { eos_token_id: [0, '</s>'] }, /eos_token_id/],
    [QWEN2, { use_sliding_window: true, max_window_layers: -1 }, /max_window_layers/],
    [QWEN2, { layer_types: ['full_attention'] }, /layer_types names 1 layers, but there are 24/],
    [QWEN2, { layer_types: Array(24).fill('linear_attention') }, /layer_types/],
    [QWEN2, { sliding_window: 0 }, /sliding_window/],
    [
      GEMMA,
      { layer_types: Array(25).fill('full_attention') },
      /layer_types names 25 layers, but there are 26/,
    ],
    [GEMMA, { layer_types: Array(27).fill('full_attention') }, /layer_types names 27 layers/],
    [GEMMA, { layer_types: 'sliding_attention' }, /layer_types/],
    [GEMMA, { sliding_window_pattern: 0 }, /sliding_window_pattern/],
    [GEMMA, { sliding_window_pattern: [true, false] }, /sliding_window_pattern/],
    [GEMMA, { sliding_window: -512 }, /sliding_window/],
    [GEMMA, { final_logit_softcapping: 30 }, /final_logit_softcapping/],
    [GEMMA, { attn_logit_softcapping: 50 }, /attn_logit_softcapping/],
    [GEMMA, { query_pre_attn_scalar: 0 }, /query_pre_attn_scalar/],
    [GEMMA, { hidden_activation: 'relu' }, /hidden_activation/],
    [GEMMA, { use_bidirectional_attention: true }, /use_bidirectional_attention/],
    [GEMMA, { rope_local_base_freq: 0 }, /rope_local_base_freq/],
    [GEMMA_4B, { text_config: 'gemma3_text' }, /text_config/],
    [GEMMA_4B, { text_config: [] }, /text_config/],
    [GEMMA_4B, text({ hidden_size: 2 ** 53 }), /hidden_size/],
    [GEMMA_4B, text({ final_logit_softcapping: 30 }), /final_logit_softcapping/],
    [GEMMA_4B, { eos_token_id: 262_208 }, /token id 262208/],
  ];

  it.each(byChanges(refused))('is refused, and the field named: %s', (_, base, changes, message) => {
    expect(() => planByConfigJson({ ...base, ...changes })).toThrow(
      expect.objectContaining({ code: 'config_invalid', message: expect.stringMatching(message) as unknown }),
    );
  });

  it('is read as it is, otherwise', () => {
    for (const config of [LLAMA, QWEN2, QWEN3, GEMMA, GEMMA_4B, { ...GEMMA_4B, ...text({}) }])
      expect(() => planByConfigJson(config)).not.toThrow();
  });
});
