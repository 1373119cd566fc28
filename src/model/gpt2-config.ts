import * as z from 'zod';
import {
  causal,
  checkEmbeddedIds,
  headDimOf,
  invalidConfig,
  layerCount,
  parseFields,
  size,
  tokenId,
  tokenIds,
  type ModelConfig,
} from './model-config.ts';

/** A GPT-2 (Radford et al. 2019), with or without the biases that the book and nanoGPT leave out. */
export interface Gpt2Config extends ModelConfig {
  architecture: 'gpt2';
  layerNormEpsilon: number;
  /** The query, key and value projections have a bias (the book's `qkv_bias`). */
  qkvBias: boolean;
  /** Every other dense layer and every LayerNorm has one. */
  bias: boolean;
}

/** Two names of one function, the tanh form of GELU. */
const TANH_GELU_NAMES = ['gelu_new', 'gelu_pytorch_tanh'];

/**
 * The fields of GPT-2's config.json that decide what is computed
 * (https://huggingface.co/docs/transformers/model_doc/gpt2#transformers.GPT2Config), plus two that transformers
 * does not have: `bias` (nanoGPT) and `qkv_bias` (the book), for models without biases.
 */
const gpt2ConfigSchema = z.object({
  vocab_size: size,
  n_positions: size,
  n_embd: size,
  n_layer: layerCount,
  n_head: size,
  n_inner: size.nullish(),
  activation_function: z.string().default('gelu_new'),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  tie_word_embeddings: z.boolean().default(true),
  bias: z.boolean().default(true),
  qkv_bias: z.boolean().optional(),
  scale_attn_weights: z.boolean().default(true),
  scale_attn_by_inverse_layer_idx: z.boolean().default(false),
  add_cross_attention: z.boolean().default(false),
  bos_token_id: tokenId.nullish(),
  eos_token_id: tokenIds,
  is_causal: causal,
});

type Gpt2Fields = z.infer<typeof gpt2ConfigSchema>;

/**
 * Reads a GPT-2's config.json, already parsed.
 * @throws EngineError `config_invalid` naming the field, for an unknown activation, or a head count that does not
 * divide the width
 */
export function parseGpt2Config(json: unknown): Gpt2Config {
  return fromGpt2Fields(parseFields(gpt2ConfigSchema, json));
}

function fromGpt2Fields(fields: Gpt2Fields): Gpt2Config {
  if (!TANH_GELU_NAMES.includes(fields.activation_function)) {
    throw invalidConfig(
      `activation_function "${fields.activation_function}" is not supported; supported: ${TANH_GELU_NAMES.join(', ')}`,
    );
  }
  if (!fields.scale_attn_weights) throw invalidConfig('scale_attn_weights false is not supported');
  if (fields.scale_attn_by_inverse_layer_idx)
    throw invalidConfig('scale_attn_by_inverse_layer_idx true is not supported');
  if (fields.add_cross_attention) throw invalidConfig('add_cross_attention true is not supported');
  const eosTokenIds = [fields.eos_token_id ?? []].flat();
  checkEmbeddedIds([...eosTokenIds, fields.bos_token_id ?? 0], fields.vocab_size);
  return {
    architecture: 'gpt2',
    vocabSize: fields.vocab_size,
    contextLength: fields.n_positions,
    dim: fields.n_embd,
    numHeads: fields.n_head,
    numKvHeads: fields.n_head,
    headDim: headDimOf(fields.n_embd, fields.n_head),
    numLayers: fields.n_layer,
    mlpDim: fields.n_inner ?? 4 * fields.n_embd,
    layerNormEpsilon: fields.layer_norm_epsilon,
    tiedHead: fields.tie_word_embeddings,
    qkvBias: fields.qkv_bias ?? fields.bias,
    bias: fields.bias,
    bosTokenId: fields.bos_token_id ?? undefined,
    eosTokenIds,
  };
}
