import * as z from 'zod';
import type { LayerConfig } from './decoder-config.ts';
import {
  causal,
  checkEmbeddedIds,
  headDimOf,
  invalidConfig,
  layerCount,
  size,
  tokenId,
  tokenIds,
} from './model-config.ts';
import type { RotaryConfig, RotaryScaling } from './rotary.ts';

/** Rotary positions as transformers writes them since version 5, and inside `rope_scaling` before. */
const ropeSchema = z.object({
  rope_theta: z.number().positive().optional(),
  rope_type: z.string().optional(),
  /** The name of `rope_type` in old files. */
  type: z.string().optional(),
  factor: z.number().positive().optional(),
  low_freq_factor: z.number().positive().optional(),
  high_freq_factor: z.number().positive().optional(),
  original_max_position_embeddings: size.optional(),
  partial_rotary_factor: z.number().nullish(),
});
export type RopeFields = z.infer<typeof ropeSchema>;
type ScalingNumber = Exclude<keyof RopeFields, 'type' | 'rope_type' | 'partial_rotary_factor'>;

/** The fields of config.json that all decoders share (https://huggingface.co/docs/transformers/model_doc/llama). */
export const decoderFields = {
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: layerCount,
  num_attention_heads: size,
  num_key_value_heads: size.nullish(),
  head_dim: size.nullish(),
  max_position_embeddings: size,
  rms_norm_eps: z.number().positive().default(1e-6),
  rope_theta: z.number().positive().nullish(),
  rope_scaling: ropeSchema.nullish(),
  rope_parameters: ropeSchema.nullish(),
  partial_rotary_factor: z.number().nullish(),
  bos_token_id: tokenId.nullish(),
  eos_token_id: tokenIds,
  is_causal: causal,
};
export const ropeFieldsSchema = ropeSchema;

type CommonFields = Omit<z.infer<z.ZodObject<typeof decoderFields>>, 'rope_parameters'>;

/** What the shared fields say, whatever the architecture. */
export function commonConfig(fields: CommonFields, defaultHeadDim?: number) {
  const { hidden_size: dim, num_attention_heads: numHeads, vocab_size: vocabSize } = fields;
  const numKvHeads = fields.num_key_value_heads ?? numHeads;
  if (numHeads % numKvHeads !== 0)
    throw invalidConfig(
      `the heads of keys must divide those of queries: ${numHeads} is not a multiple of ${numKvHeads}`,
    );
  const headDim = fields.head_dim ?? defaultHeadDim ?? headDimOf(dim, numHeads);
  if (headDim % 2 !== 0)
    throw invalidConfig(`rotary positions turn pairs, but a head has ${headDim} numbers: head_dim is odd`);
  checkRotatesWhole(fields.partial_rotary_factor);
  const eosTokenIds = [fields.eos_token_id ?? []].flat();
  checkEmbeddedIds([...eosTokenIds, fields.bos_token_id ?? 0], vocabSize);
  return {
    vocabSize,
    contextLength: fields.max_position_embeddings,
    dim,
    numHeads,
    numKvHeads,
    headDim,
    numLayers: fields.num_hidden_layers,
    mlpDim: fields.intermediate_size,
    rmsNormEpsilon: fields.rms_norm_eps,
    bosTokenId: fields.bos_token_id ?? undefined,
    eosTokenIds,
  };
}

/**
 * Rotary positions of either spelling; where a file has both, the older one holds, as in transformers.
 * @throws EngineError `config_invalid` for a scaling that is not supported, or that lacks a field
 */
export function rotaryOf(
  fields: { rope_theta?: number | null | undefined; rope_scaling?: RopeFields | null | undefined },
  parameters: RopeFields | null | undefined,
  defaultTheta: number,
): RotaryConfig {
  const rope = fields.rope_scaling ?? parameters ?? {};
  checkRotatesWhole(rope.partial_rotary_factor);
  const theta = rope.rope_theta ?? parameters?.rope_theta ?? fields.rope_theta ?? defaultTheta;
  return { theta, scaling: scalingOf(rope) };
}

/** Only whole heads are turned. */
function checkRotatesWhole(partialRotaryFactor: number | null | undefined): void {
  if ((partialRotaryFactor ?? 1) !== 1)
    throw invalidConfig(`partial_rotary_factor ${partialRotaryFactor} is not supported`);
}

function scalingOf(fields: RopeFields): RotaryScaling {
  const type = fields.rope_type ?? fields.type ?? 'default';
  const needed = (name: ScalingNumber): number => {
    const value = fields[name];
    if (value === undefined) throw invalidConfig(`rotary scaling "${type}" needs "${name}"`);
    return value;
  };
  switch (type) {
    case 'default':
      return { type };
    case 'linear':
      return { type, factor: needed('factor') };
    case 'llama3': {
      const [lowFreqFactor, highFreqFactor] = [needed('low_freq_factor'), needed('high_freq_factor')];
      if (highFreqFactor <= lowFreqFactor)
        throw invalidConfig(
          `rotary scaling "llama3": high_freq_factor ${highFreqFactor} must be above low_freq_factor ${lowFreqFactor}`,
        );
      const originalContextLength = needed('original_max_position_embeddings');
      return { type, factor: needed('factor'), lowFreqFactor, highFreqFactor, originalContextLength };
    }
    default:
      throw invalidConfig(`rotary scaling "${type}" is not supported; supported: default, linear, llama3`);
  }
}

const layerTypes = z.array(z.enum(['full_attention', 'sliding_attention'])).nullish();
/** Which layers look back over a window alone; `sliding_window` counts the token itself. Defaults are transformers'. */
export const windowFields = {
  layer_types: layerTypes,
  sliding_window: size.nullable().default(4096),
  use_sliding_window: z.boolean().default(false),
  max_window_layers: z.int().nonnegative().nullable().default(28),
};
type WindowFields = z.infer<z.ZodObject<typeof windowFields>>;

/** The layers of Qwen 2 and 3: those from `max_window_layers` on look back over a window, where it is in use. */
export function qwenLayers(fields: WindowFields, numLayers: number): LayerConfig[] {
  const { layer_types: types, max_window_layers: numFull } = fields;
  checkLayerTypes(types, numLayers);
  return Array.from({ length: numLayers }, (_, layer) => {
    const slides = types == null ? layer >= (numFull ?? numLayers) : types[layer] === 'sliding_attention';
    const window = fields.use_sliding_window && slides ? (fields.sliding_window ?? undefined) : undefined;
    return { window, rotation: 0 };
  });
}

export function checkLayerTypes(types: readonly string[] | null | undefined, numLayers: number): void {
  if (types != null && types.length !== numLayers)
    throw invalidConfig(`layer_types names ${types.length} layers, but there are ${numLayers}`);
}
