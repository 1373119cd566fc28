import * as z from 'zod';
import { mapDecoderTensors } from '../../weights/match-hub-tensors.ts';
import { mapGgufDecoderTensors } from '../../weights/gguf/gguf-tensor-maps.ts';
import type { Architecture } from '../architecture.ts';
import { plainDecoder, type DecoderConfig } from '../decoder-config.ts';
import { planDecoder } from '../decoder.ts';
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
      ...plainDecoder('qwen3', common),
      headNorms: true,
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
  const common = commonConfig(fields, DEFAULT_HEAD_DIM);
  const config = plainDecoder('qwen3', {
    ...common,
    tiedHead: fields.tie_word_embeddings,
    rotations: [rotaryOf(fields, fields.rope_parameters, 10_000)],
    layers: qwenLayers(fields, common.numLayers),
  });
  return {
    ...config,
    headNorms: true,
    qkvBias: fields.attention_bias,
    outputBias: fields.attention_bias,
  };
}
