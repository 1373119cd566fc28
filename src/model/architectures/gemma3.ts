import * as z from 'zod';
import { mapDecoderTensors } from '../../weights/match-hub-tensors.ts';
import { mapGgufDecoderTensors } from '../../weights/gguf/gguf-tensor-maps.ts';
import type { Architecture, GgufMetadata, TensorShapes } from '../architecture.ts';
import type { DecoderConfig, LayerConfig } from '../decoder-config.ts';
import { planDecoder } from '../decoder.ts';
import { readGgufDecoder } from '../gguf-decoder-fields.ts';
import {
  checkLayerTypes,
  commonConfig,
  decoderFields,
  ropeFieldsSchema,
  rotaryOf,
  windowFields,
} from '../hub-decoder-fields.ts';
import { layerCount, parseFields, size } from '../model-config.ts';
import type { RotaryConfig } from '../rotary.ts';

/**
 * Gemma 3 (Gemma Team 2025), its language model: five layers that look back over a window for each that sees all, each
 * kind with a rotation of its own, norms before and behind attention and MLP.
 */
export const gemma3: Architecture = {
  modelTypes: ['gemma3_text', 'gemma3'],
  ggufName: 'gemma3',
  fromConfigJson: (json) =>
    planDecoder(fromConfigJson(json), { findTensors: mapDecoderTensors, normsFromOne: true }),
  // Norms are stored whole there.
  fromGguf: (metadata, tensors) =>
    planDecoder(fromGguf(metadata, tensors), { findTensors: mapGgufDecoderTensors }),
};

const [SLIDING, FULL] = [0, 1];
/** Of so many layers in a row, the last one sees everything. */
const DEFAULT_PATTERN = 6;
const DEFAULT_THETAS = { sliding: 10_000, full: 1_000_000 };

/** Defaults are those of transformers' Gemma3TextConfig: published files leave much out. */
const configSchema = z.object({
  ...decoderFields,
  ...windowFields,
  vocab_size: size.default(262_208),
  hidden_size: size.default(2304),
  intermediate_size: size.default(9216),
  num_hidden_layers: layerCount.default(26),
  num_attention_heads: size.default(8),
  num_key_value_heads: size.default(4),
  head_dim: size.default(256),
  max_position_embeddings: size.default(131_072),
  hidden_activation: z.enum(['gelu_pytorch_tanh', 'gelu_new']).default('gelu_pytorch_tanh'),
  query_pre_attn_scalar: z.number().positive().default(256),
  attention_bias: z.boolean().default(false),
  attn_logit_softcapping: z.null().optional(),
  final_logit_softcapping: z.null().optional(),
  use_bidirectional_attention: z.literal(false).nullish(),
  sliding_window: size.default(4096),
  sliding_window_pattern: size.nullish(),
  rope_local_base_freq: z.number().positive().default(DEFAULT_THETAS.sliding),
  rope_parameters: z
    .object({ full_attention: ropeFieldsSchema.nullish(), sliding_attention: ropeFieldsSchema.nullish() })
    .nullish(),
  tie_word_embeddings: z.boolean().default(true),
});

/** A file of a model that also sees has the language model's fields inside, and the tokens outside. */
const wrapperSchema = z.object({
  text_config: z.record(z.string(), z.unknown()).optional(),
  bos_token_id: z.unknown().optional(),
  eos_token_id: z.unknown().optional(),
});

function fromConfigJson(json: unknown): DecoderConfig {
  const { text_config: inner, ...outer } = parseFields(wrapperSchema, json);
  const known = Object.entries(outer).filter(([, value]) => value !== undefined);
  const fields = parseFields(configSchema, { ...(inner ?? (json as object)), ...Object.fromEntries(known) });
  const { rope_parameters: parameters } = fields;
  const common = commonConfig(fields);
  return gemma3Config({
    ...common,
    tiedHead: fields.tie_word_embeddings,
    attentionScale: 1 / Math.sqrt(fields.query_pre_attn_scalar),
    bias: fields.attention_bias,
    rotations: [
      rotaryOf({ rope_theta: fields.rope_local_base_freq }, parameters?.sliding_attention, 0),
      rotaryOf(fields, parameters?.full_attention, DEFAULT_THETAS.full),
    ],
    layers: layersOf(fields, common.numLayers),
  });
}

function layersOf(fields: z.infer<typeof configSchema>, numLayers: number): LayerConfig[] {
  const { layer_types: types, sliding_window: window, sliding_window_pattern: pattern } = fields;
  checkLayerTypes(types, numLayers);
  if (types == null) return patternLayers(window, pattern ?? DEFAULT_PATTERN, numLayers);
  return types.map((type) => layerOf(type === 'full_attention', window));
}

const layerOf = (isFull: boolean, window: number): LayerConfig =>
  isFull ? { window: undefined, rotation: FULL } : { window, rotation: SLIDING };

const patternLayers = (window: number, pattern: number, numLayers: number): LayerConfig[] =>
  Array.from({ length: numLayers }, (_, layer) => layerOf((layer + 1) % pattern === 0, window));

/** The layers of the model of 27B, the only one whose scores are not scaled by the width of a head. */
const LAYERS_OF_27B = 62;

function fromGguf(metadata: GgufMetadata, tensors: TensorShapes): DecoderConfig {
  const { common, keys } = readGgufDecoder('gemma3', metadata, tensors);
  const { numLayers, dim, numHeads, headDim, rotations } = common;
  const [full = { theta: DEFAULT_THETAS.full, scaling: { type: 'default' } }] = rotations;
  const sliding: RotaryConfig = { theta: keys['rope.freq_base_swa'], scaling: { type: 'default' } };
  const { 'attention.sliding_window': window, 'attention.sliding_window_pattern': pattern } = keys;
  return gemma3Config({
    ...common,
    // The format has no key for it; llama.cpp goes by the layers, too.
    attentionScale: 1 / Math.sqrt(numLayers === LAYERS_OF_27B ? dim / numHeads : headDim),
    bias: tensors.has('blk.0.attn_q.bias'),
    rotations: [sliding, full],
    // Without a window every layer sees all, whatever the pattern, as in llama.cpp.
    layers: patternLayers(window ?? 1, window === undefined ? 1 : (pattern ?? DEFAULT_PATTERN), numLayers),
  });
}

type Known = ReturnType<typeof commonConfig> &
  Pick<DecoderConfig, 'tiedHead' | 'attentionScale' | 'rotations' | 'layers'> & { bias: boolean };

function gemma3Config({ bias, ...known }: Known): DecoderConfig {
  return {
    architecture: 'gemma3',
    ...known,
    qkvBias: bias,
    outputBias: bias,
    mlpBias: false,
    headNorms: true,
    sandwichNorms: true,
    gateActivation: 'gelu',
    embeddingScale: Math.sqrt(known.dim),
    rotaryPairing: 'halves',
  };
}
