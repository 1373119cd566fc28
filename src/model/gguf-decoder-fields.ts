import * as z from 'zod';
import type { GgufMetadata, TensorShapes } from './architecture.ts';
import { fullLayers, type DecoderConfig } from './decoder-config.ts';
import { commonConfig } from './hub-decoder-fields.ts';
import { invalidConfig, parseFields } from './model-config.ts';
import type { RotaryScaling } from './rotary.ts';
import { EngineError } from '../errors.ts';

/** Numbers as GGUF files have them: small ones, or 64 bits wide. */
const integer = z.union([z.int(), z.bigint().transform(Number)]);
export const ggufCount = integer.pipe(z.int().positive());
/** Files that llama.cpp itself saves have every key: 0 stands for what the model does not have. */
const countOrNone = integer
  .pipe(z.int().nonnegative())
  .transform((count) => (count === 0 ? undefined : count));
const factorOrNone = z
  .number()
  .nonnegative()
  .transform((factor) => (factor === 0 ? undefined : factor));
/** Whether tokens see none behind them; a model whose tokens do is refused. */
export const ggufCausal = z.literal(true).optional();
const ggufTokenId = integer.pipe(z.int().nonnegative());

/** The keys of tokens that end or begin a sequence, whatever the architecture. */
const tokenKeysSchema = z.object({
  'tokenizer.ggml.bos_token_id': ggufTokenId.optional(),
  'tokenizer.ggml.eos_token_id': ggufTokenId.optional(),
  'tokenizer.ggml.eot_token_id': ggufTokenId.optional(),
  'tokenizer.ggml.eom_token_id': ggufTokenId.optional(),
});

/**
 * The metadata by a schema of its keys.
 * @throws EngineError `config_invalid` naming the keys at fault
 */
export function parseMetadata<T>(schema: z.ZodType<T>, metadata: GgufMetadata, what = 'metadata'): T {
  return parseFields(schema, Object.fromEntries(metadata), what);
}

/** The tokens that begin and end a sequence, as config.json has them. */
export function ggufTokenFields(metadata: GgufMetadata): {
  bos_token_id: number | undefined;
  eos_token_id: number[];
} {
  const fields = parseMetadata(tokenKeysSchema, metadata);
  const ends = ['eos', 'eot', 'eom'] as const;
  const ids = ends.map((end) => fields[`tokenizer.ggml.${end}_token_id`]);
  return {
    bos_token_id: fields['tokenizer.ggml.bos_token_id'],
    eos_token_id: [...new Set(ids.filter((id) => id !== undefined))],
  };
}

/**
 * The number of tokens that are embedded: the format has no key for it.
 * @throws EngineError `weights_invalid` where there is no embedding
 */
export function ggufVocabSize(tensors: TensorShapes): number {
  const numRows = tensors.get('token_embd.weight')?.shape[0];
  if (numRows !== undefined) return numRows;
  throw new EngineError('weights_invalid', 'there is no tensor "token_embd.weight": is it a whole model?');
}

/**
 * Each block has tensors of its own; shapes are listed for so many blocks, so their number is checked before.
 * @throws EngineError `config_invalid`
 */
export function checkBlockCount(key: string, numLayers: number, tensors: TensorShapes): void {
  if (numLayers > tensors.size)
    throw invalidConfig(`${key} is ${numLayers}, but there are ${tensors.size} tensors in all`);
}

/** The keys of a decoder behind its architecture's name (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md). */
const keySchema = z.object({
  context_length: ggufCount,
  embedding_length: ggufCount,
  block_count: ggufCount,
  feed_forward_length: ggufCount,
  'attention.head_count': ggufCount,
  'attention.head_count_kv': ggufCount.optional(),
  'attention.key_length': ggufCount.optional(),
  'attention.value_length': ggufCount.optional(),
  'attention.layer_norm_rms_epsilon': z.number().positive(),
  'attention.causal': ggufCausal,
  'attention.sliding_window': countOrNone.optional(),
  'attention.sliding_window_pattern': ggufCount.optional(),
  'rope.freq_base': z.number().positive().default(10_000),
  'rope.freq_base_swa': z.number().positive().default(10_000),
  'rope.dimension_count': ggufCount.optional(),
  'rope.scaling.type': z.string().optional(),
  'rope.scaling.factor': factorOrNone.optional(),
  /** The factor's name in old files. */
  'rope.scale_linear': factorOrNone.optional(),
  'rope.scaling.attn_factor': z.literal(1).optional(),
  attn_logit_softcapping: z.literal(0).optional(),
  final_logit_softcapping: z.literal(0).optional(),
  expert_count: countOrNone.optional(),
});

/** Factors that the pairs of Llama 3 turn slower by. */
const FREQUENCY_FACTORS = 'rope_freqs.weight';

/** What the metadata of a decoder says, whatever the architecture. */
type CommonConfig = ReturnType<typeof commonConfig> &
  Pick<DecoderConfig, 'tiedHead' | 'rotations' | 'layers'>;

export interface GgufDecoder {
  readonly common: CommonConfig;
  /** For what is the architecture's own. */
  readonly keys: z.infer<typeof keySchema>;
}

/**
 * Reads the metadata of a decoder's GGUF file.
 * @throws EngineError `config_invalid` naming the key
 */
export function readGgufDecoder(
  architecture: string,
  metadata: GgufMetadata,
  tensors: TensorShapes,
): GgufDecoder {
  const keys = keysOf(architecture, metadata);
  const numLayers = keys.block_count;
  checkBlockCount(`${architecture}.block_count`, numLayers, tensors);
  const headDim = keys['attention.key_length'];
  const shape = commonConfig({
    vocab_size: ggufVocabSize(tensors),
    hidden_size: keys.embedding_length,
    intermediate_size: keys.feed_forward_length,
    num_hidden_layers: numLayers,
    num_attention_heads: keys['attention.head_count'],
    num_key_value_heads: keys['attention.head_count_kv'],
    head_dim: headDim,
    max_position_embeddings: keys.context_length,
    rms_norm_eps: keys['attention.layer_norm_rms_epsilon'],
    ...ggufTokenFields(metadata),
  });
  requireEqual(architecture, 'attention.value_length', keys['attention.value_length'], shape.headDim);
  requireEqual(architecture, 'rope.dimension_count', keys['rope.dimension_count'], shape.headDim);
  if (keys.expert_count !== undefined)
    throw invalidConfig(`${architecture}.expert_count: a mixture of experts is not supported`);
  const common = {
    ...shape,
    tiedHead: !tensors.has('output.weight'),
    rotations: [{ theta: keys['rope.freq_base'], scaling: scalingOf(architecture, keys, tensors) }],
    layers: fullLayers(numLayers),
  };
  return { common, keys };
}

function keysOf(architecture: string, metadata: GgufMetadata): z.infer<typeof keySchema> {
  const prefix = `${architecture}.`;
  const own = new Map(
    [...metadata].flatMap(([key, value]): [string, unknown][] =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [],
    ),
  );
  return parseMetadata(keySchema, own, `metadata of ${architecture}`);
}

/** As llama.cpp reads them: a factor without a type is linear, and a type without a factor scales nothing. */
function scalingOf(
  architecture: string,
  keys: z.infer<typeof keySchema>,
  tensors: TensorShapes,
): RotaryScaling {
  const type = keys['rope.scaling.type'] ?? 'linear';
  if (type !== 'none' && type !== 'linear')
    throw invalidConfig(
      `${architecture}.rope.scaling.type "${type}" is not supported; supported: none, linear`,
    );
  const factor = type === 'none' ? 1 : (keys['rope.scaling.factor'] ?? keys['rope.scale_linear'] ?? 1);
  if (!tensors.has(FREQUENCY_FACTORS)) return factor === 1 ? { type: 'default' } : { type: 'linear', factor };
  if (factor === 1) return { type: 'stored', name: FREQUENCY_FACTORS };
  throw invalidConfig(
    `${architecture}.rope.scaling.factor beside the tensor "${FREQUENCY_FACTORS}" is not supported`,
  );
}

function requireEqual(architecture: string, key: string, value: number | undefined, headDim: number): void {
  if (value !== undefined && value !== headDim)
    throw invalidConfig(`${architecture}.${key} ${value} is not supported: a head has ${headDim} numbers`);
}
