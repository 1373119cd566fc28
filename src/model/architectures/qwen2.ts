import { z } from 'zod';
import { mapDecoderTensors } from '../../weights/decoder-tensor-map.ts';
import { mapGgufDecoderTensors } from '../../weights/gguf/gguf-decoder-tensor-map.ts';
import type { Architecture } from '../architecture.ts';
import type { DecoderConfig, LayerConfig } from '../decoder-config.ts';
import { planDecoder } from '../decoder-plan.ts';
import { readGgufDecoder } from '../gguf-decoder-fields.ts';
import { commonConfig, decoderFields, qwenLayers, rotaryOf, windowFields } from '../hub-decoder-fields.ts';
import { parseFields } from '../model-config.ts';

/** Qwen 2 and 2.5 (Yang et al. 2024): a Llama whose queries, keys and values have a bias. */
export const qwen2: Architecture = {
  modelTypes: ['qwen2'],
  ggufName: 'qwen2',
  fromConfigJson: (json) => planDecoder(fromConfigJson(json), { findTensors: mapDecoderTensors }),
  fromGguf: (metadata, tensors) => {
    const { common } = readGgufDecoder('qwen2', metadata, tensors);
    return planDecoder(qwen2Config(common, common.layers), { findTensors: mapGgufDecoderTensors });
  },
};

const configSchema = z.object({
  ...decoderFields,
  ...windowFields,
  hidden_act: z.literal('silu').default('silu'),
  tie_word_embeddings: z.boolean().default(false),
});

function fromConfigJson(json: unknown): DecoderConfig {
  const fields = parseFields(configSchema, json);
  const known = {
    ...commonConfig(fields),
    tiedHead: fields.tie_word_embeddings,
    rotations: [rotaryOf(fields, fields.rope_parameters, 10_000)],
  };
  return qwen2Config(known, qwenLayers(fields, known.numLayers));
}

type Known = ReturnType<typeof commonConfig> & Pick<DecoderConfig, 'tiedHead' | 'rotations'>;

function qwen2Config(known: Known, layers: readonly LayerConfig[]): DecoderConfig {
  return {
    architecture: 'qwen2',
    ...known,
    qkvBias: true,
    outputBias: false,
    mlpBias: false,
    headNorms: false,
    sandwichNorms: false,
    gateActivation: 'silu',
    embeddingScale: 1,
    attentionScale: 1 / Math.sqrt(known.headDim),
    rotaryPairing: 'halves',
    layers,
  };
}
