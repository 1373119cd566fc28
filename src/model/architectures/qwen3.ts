import { z } from 'zod';
import { mapDecoderTensors } from '../../weights/decoder-tensor-map.ts';
import { mapGgufDecoderTensors } from '../../weights/gguf/gguf-decoder-tensor-map.ts';
import type { Architecture } from '../architecture.ts';
import type { DecoderConfig, LayerConfig } from '../decoder-config.ts';
import { planDecoder } from '../decoder-plan.ts';
import { readGgufDecoder } from '../gguf-decoder-fields.ts';
import { commonConfig, decoderFields, qwenLayers, rotaryOf, windowFields } from '../hub-decoder-fields.ts';
import { parseFields } from '../model-config.ts';

/** Qwen 3, the dense ones (Yang et al. 2025): a Llama that norms the heads of queries and keys. */
export const qwen3: Architecture = {
  modelTypes: ['qwen3'],
  ggufName: 'qwen3',
  fromConfigJson: (json) => planDecoder(fromConfigJson(json), { findTensors: mapDecoderTensors }),
  fromGguf: (metadata, tensors) => {
    const { common } = readGgufDecoder('qwen3', metadata, tensors);
    const config: DecoderConfig = {
      ...qwen3Config(common, common.layers),
      qkvBias: tensors.has('blk.0.attn_q.bias'),
      outputBias: tensors.has('blk.0.attn_output.bias'),
    };
    return planDecoder(config, { findTensors: mapGgufDecoderTensors });
  },
};

/** transformers' own default, which files may leave out. */
const DEFAULT_HEAD_DIM = 128;

const configSchema = z.object({
  ...decoderFields,
  ...windowFields,
  hidden_act: z.literal('silu').default('silu'),
  attention_bias: z.boolean().default(false),
  tie_word_embeddings: z.boolean().default(false),
});

function fromConfigJson(json: unknown): DecoderConfig {
  const fields = parseFields(configSchema, json);
  const known = {
    ...commonConfig(fields, DEFAULT_HEAD_DIM),
    tiedHead: fields.tie_word_embeddings,
    rotations: [rotaryOf(fields, fields.rope_parameters, 10_000)],
  };
  return {
    ...qwen3Config(known, qwenLayers(fields, known.numLayers)),
    qkvBias: fields.attention_bias,
    outputBias: fields.attention_bias,
  };
}

type Known = ReturnType<typeof commonConfig> & Pick<DecoderConfig, 'tiedHead' | 'rotations'>;

/** What all of them have alike; without biases. */
function qwen3Config(known: Known, layers: readonly LayerConfig[]): DecoderConfig {
  return {
    architecture: 'qwen3',
    ...known,
    qkvBias: false,
    outputBias: false,
    mlpBias: false,
    headNorms: true,
    sandwichNorms: false,
    gateActivation: 'silu',
    embeddingScale: 1,
    attentionScale: 1 / Math.sqrt(known.headDim),
    rotaryPairing: 'halves',
    layers,
  };
}
