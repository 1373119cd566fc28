import * as z from 'zod';
import { mapDecoderTensors } from '../../weights/match-hub-tensors.ts';
import { mapGgufDecoderTensors } from '../../weights/gguf/gguf-tensor-maps.ts';
import type { Architecture } from '../architecture.ts';
import { fullLayers, plainDecoder, type DecoderConfig } from '../decoder-config.ts';
import { planDecoder } from '../decoder.ts';
import { readGgufDecoder } from '../gguf-decoder-fields.ts';
import { commonConfig, decoderFields, rotaryOf } from '../hub-decoder-fields.ts';
import { parseFields } from '../model-config.ts';

/** Llama 1 to 3 (Touvron et al. 2023, Dubey et al. 2024), and with it SmolLM2 and TinyLlama. */
export const llama: Architecture = {
  modelTypes: ['llama'],
  ggufName: 'llama',
  fromConfigJson: (json) => planDecoder(fromConfigJson(json), { findTensors: mapDecoderTensors }),
  fromGguf: (metadata, tensors) => {
    const { common } = readGgufDecoder('llama', metadata, tensors);
    const config: DecoderConfig = {
      ...plainDecoder('llama', common),
      qkvBias: tensors.has('blk.0.attn_q.bias'),
      outputBias: tensors.has('blk.0.attn_output.bias'),
      mlpBias: tensors.has('blk.0.ffn_gate.bias'),
      // llama.cpp's converter sorts the rows of queries and keys for it.
      rotaryPairing: 'neighbours',
    };
    return planDecoder(config, { findTensors: mapGgufDecoderTensors });
  },
};

const configSchema = z.object({
  ...decoderFields,
  hidden_act: z.literal('silu').default('silu'),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  tie_word_embeddings: z.boolean().default(false),
});

function fromConfigJson(json: unknown): DecoderConfig {
  const fields = parseFields(configSchema, json);
  const common = commonConfig(fields);
  return {
    ...plainDecoder('llama', {
      ...common,
      tiedHead: fields.tie_word_embeddings,
      rotations: [rotaryOf(fields, fields.rope_parameters, 10_000)],
      layers: fullLayers(common.numLayers),
    }),
    qkvBias: fields.attention_bias,
    outputBias: fields.attention_bias,
    mlpBias: fields.mlp_bias,
  };
}
