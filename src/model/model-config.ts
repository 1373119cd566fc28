import { z } from 'zod';
import { EngineError } from '../errors.ts';

/** The shape of a model and what it needs to know of its tokens; read from a Hugging Face config.json. */
export interface ModelConfig {
  architecture: 'gpt2';
  vocabSize: number;
  /** Tokens a sequence may hold, prompt and completion together. */
  contextLength: number;
  dim: number;
  numHeads: number;
  headDim: number;
  numLayers: number;
  mlpDim: number;
  layerNormEpsilon: number;
  /** The output head is the token embedding itself. */
  tiedHead: boolean;
  /** The query, key and value projections have a bias (the book's `qkv_bias`). */
  qkvBias: boolean;
  /** Every other dense layer and every LayerNorm has one. */
  bias: boolean;
  bosTokenId: number | undefined;
  /** Any of these ends a sequence. */
  eosTokenIds: readonly number[];
}

const SUPPORTED_MODEL_TYPES = ['gpt2'];
/** Two names of one function, the tanh form of GELU. */
const TANH_GELU_NAMES = ['gelu_new', 'gelu_pytorch_tanh'];

const size = z.int().positive();
const tokenId = z.int().nonnegative();

/**
 * The fields of GPT-2's config.json that decide what is computed
 * (https://huggingface.co/docs/transformers/model_doc/gpt2#transformers.GPT2Config), plus two that transformers
 * does not have: `bias` (nanoGPT) and `qkv_bias` (the book), for models without biases.
 */
const gpt2ConfigSchema = z.object({
  vocab_size: size,
  n_positions: size,
  n_embd: size,
  n_layer: size,
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
  eos_token_id: z.union([tokenId, z.array(tokenId)]).nullish(),
});

type Gpt2Config = z.infer<typeof gpt2ConfigSchema>;

/**
 * Reads a model's config.json, already parsed.
 * @throws EngineError `config_invalid` naming the field, for an unknown architecture or activation, or a head count
 * that does not divide the width.
 */
export function parseModelConfig(json: unknown): ModelConfig {
  const modelType = z.object({ model_type: z.string() }).safeParse(json);
  if (!modelType.success)
    throw invalid('config.json has no "model_type"; it must name the architecture, such as "gpt2"');
  if (!SUPPORTED_MODEL_TYPES.includes(modelType.data.model_type)) {
    throw invalid(
      `model_type "${modelType.data.model_type}" is not supported; supported: ${SUPPORTED_MODEL_TYPES.join(', ')}`,
    );
  }
  const fields = gpt2ConfigSchema.safeParse(json);
  if (!fields.success) throw invalid(`config.json: ${describeIssues(fields.error)}`);
  return fromGpt2Config(fields.data);
}

function fromGpt2Config(fields: Gpt2Config): ModelConfig {
  if (!TANH_GELU_NAMES.includes(fields.activation_function)) {
    throw invalid(
      `activation_function "${fields.activation_function}" is not supported; supported: ${TANH_GELU_NAMES.join(', ')}`,
    );
  }
  if (!fields.scale_attn_weights) throw invalid('scale_attn_weights false is not supported');
  if (fields.scale_attn_by_inverse_layer_idx)
    throw invalid('scale_attn_by_inverse_layer_idx true is not supported');
  if (fields.add_cross_attention) throw invalid('add_cross_attention true is not supported');
  const eosTokenIds = [fields.eos_token_id ?? []].flat();
  for (const id of [...eosTokenIds, fields.bos_token_id ?? 0]) {
    if (id >= fields.vocab_size)
      throw invalid(`token id ${id} lies outside the vocabulary of ${fields.vocab_size}`);
  }
  return {
    architecture: 'gpt2',
    vocabSize: fields.vocab_size,
    contextLength: fields.n_positions,
    dim: fields.n_embd,
    numHeads: fields.n_head,
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

/**
 * The width of one head.
 * @throws EngineError `config_invalid` when the heads do not divide the width.
 */
function headDimOf(dim: number, numHeads: number): number {
  if (dim % numHeads !== 0) {
    throw invalid(
      `the number of heads must divide the width: n_embd ${dim} is not a multiple of n_head ${numHeads}`,
    );
  }
  return dim / numHeads;
}

function describeIssues(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
}

function invalid(message: string): EngineError {
  return new EngineError('config_invalid', message);
}
