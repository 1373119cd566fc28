import { describe, expect, it } from 'vitest';
import { planByConfigJson } from '../../../src/model/architectures/registry.ts';
import {
  type Case,
  GEMMA,
  GEMMA_4B,
  LLAMA,
  QWEN2,
  QWEN3,
  byChanges,
} from '../../support/published-configs.ts';

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
