import { describe, expect, it } from 'vitest';
import { gpt2ParameterShapes } from '../../../src/model/gpt2-parameters.ts';
import { parseGpt2Config } from '../../../src/model/gpt2-config.ts';
import { planByConfigJson } from '../../../src/model/architectures/registry.ts';
import { PAGE_TOKENS, pagesFor } from '../../../src/pages.ts';
import { kvCacheBytes } from '../../../src/runtime/runtime.ts';

/** The published config.json of openai-community/gpt2, the fields that matter. */
const GPT2_SMALL = {
  activation_function: 'gelu_new',
  architectures: ['GPT2LMHeadModel'],
  bos_token_id: 50256,
  eos_token_id: 50256,
  layer_norm_epsilon: 1e-5,
  model_type: 'gpt2',
  n_ctx: 1024,
  n_embd: 768,
  n_head: 12,
  n_layer: 12,
  n_positions: 1024,
  vocab_size: 50257,
};

const countOf = (json: unknown, pattern = /./) =>
  gpt2ParameterShapes(parseGpt2Config(json))
    .filter(({ name }) => pattern.test(name))
    .reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);

describe('parseGpt2Config', () => {
  it("reads GPT-2's own config", () => {
    expect(parseGpt2Config(GPT2_SMALL)).toEqual({
      architecture: 'gpt2',
      vocabSize: 50257,
      contextLength: 1024,
      dim: 768,
      numHeads: 12,
      numKvHeads: 12,
      headDim: 64,
      numLayers: 12,
      mlpDim: 3072,
      layerNormEpsilon: 1e-5,
      tiedHead: true,
      qkvBias: true,
      bias: true,
      bosTokenId: 50256,
      eosTokenIds: [50256],
    });
  });

  it.each([
    [{ n_inner: 100 }, { mlpDim: 100 }],
    [{ n_inner: null }, { mlpDim: 3072 }],
    [{ activation_function: 'gelu_pytorch_tanh' }, {}],
    [{ tie_word_embeddings: false }, { tiedHead: false }],
    [{ qkv_bias: false }, { qkvBias: false, bias: true }],
    [{ bias: false }, { qkvBias: false, bias: false }],
    [{ eos_token_id: [1, 2] }, { eosTokenIds: [1, 2] }],
    [
      { eos_token_id: null, bos_token_id: null },
      { eosTokenIds: [], bosTokenId: undefined },
    ],
  ])('reads %j', (fields, expected) => {
    expect(parseGpt2Config({ ...GPT2_SMALL, ...fields })).toMatchObject(expected);
  });

  it.each([
    [{ n_head: 7 }, /heads must divide the width: 768 is not a multiple of 7 heads/],
    [
      { model_type: 'bert' },
      /model_type "bert" is not supported; supported: gpt2, llama, qwen2, qwen3, gemma3_text, gemma3$/,
    ],
    [{ model_type: undefined }, /no "model_type"/],
    [{ activation_function: 'relu' }, /activation_function "relu" is not supported; supported: gelu_new/],
    [{ n_embd: undefined }, /n_embd/],
    [{ n_layer: 0 }, /n_layer/],
    [{ n_positions: 1.5 }, /n_positions/],
    [{ vocab_size: '50257' }, /vocab_size/],
    [{ eos_token_id: 50257 }, /token id 50257 lies outside the vocabulary of 50257/],
    [{ scale_attn_by_inverse_layer_idx: true }, /scale_attn_by_inverse_layer_idx/],
    [{ scale_attn_weights: false }, /scale_attn_weights/],
    [{ add_cross_attention: true }, /add_cross_attention/],
  ])('refuses %j', (fields, message) => {
    expect(() => planByConfigJson({ ...GPT2_SMALL, ...fields })).toThrow(
      expect.objectContaining({ code: 'config_invalid', message: expect.stringMatching(message) as unknown }),
    );
  });

  it.each([null, 'gpt2', [], 5])('refuses %j as a config', (json) => {
    expect(() => parseGpt2Config(json)).toThrow(expect.objectContaining({ code: 'config_invalid' }));
  });
});

describe('the size of GPT-2 small', () => {
  it('is 124,439,808 parameters with its head tied, and an embedding more with the head untied', () => {
    expect(countOf(GPT2_SMALL)).toBe(124_439_808);
    expect(countOf({ ...GPT2_SMALL, tie_word_embeddings: false })).toBe(124_439_808 + 50257 * 768);
  });

  it('has 2,360,064 parameters in multi-head attention as the book has it, without query, key and value biases', () => {
    expect(countOf({ ...GPT2_SMALL, qkv_bias: false }, /^h\.0\.attn\./)).toBe(2_360_064);
  });

  it('has no bias anywhere where there shall be none', () => {
    expect(countOf({ ...GPT2_SMALL, bias: false }, /bias/)).toBe(0);
  });

  it('caches 73,728 bytes a token, 72 MiB at the full context', () => {
    const { numLayers, numKvHeads, headDim, contextLength } = parseGpt2Config(GPT2_SMALL);
    const cacheOf = (numPages: number) =>
      kvCacheBytes({ numLayers, numKvHeads, headDim, numPages, maxStepPages: numPages });
    expect(cacheOf(1)).toBe(73_728 * PAGE_TOKENS);
    expect(cacheOf(pagesFor(contextLength))).toBe(72 * 1024 * 1024);
  });
});
