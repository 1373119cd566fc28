import * as z from 'zod';
import { mapDecoderTensors } from '../../weights/match-hub-tensors.ts';
import { mapGgufDecoderTensors } from '../../weights/gguf/gguf-tensor-maps.ts';
import type { Architecture } from '../architecture.ts';
import { plainDecoder, type DecoderConfig } from '../decoder-config.ts';
import { planDecoder } from '../decoder.ts';
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
    const config: DecoderConfig = { ...plainDecoder('qwen2', common), qkvBias: true };
    return planDecoder(config, { findTensors: mapGgufDecoderTensors });
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
  const common = commonConfig(fields);
  const config = plainDecoder('qwen2', {
    ...common,
    tiedHead: fields.tie_word_embeddings,
    rotations: [rotaryOf(fields, fields.rope_parameters, 10_000)],
    layers: qwenLayers(fields, common.numLayers),
  });
  return { ...config, qkvBias: true };
}
