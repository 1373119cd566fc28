import * as z from 'zod';
import type { Architecture, GgufMetadata, ModelPlan, TensorShapes } from '../architecture.ts';
import {
  checkBlockCount,
  ggufCausal,
  ggufCount,
  ggufTokenFields,
  ggufVocabSize,
  parseMetadata,
} from '../gguf-decoder-fields.ts';
import { type Gpt2Config, parseGpt2Config } from '../gpt2-config.ts';
import { createGpt2Parameters, gpt2ParameterShapes } from '../gpt2-parameters.ts';
import { Gpt2 } from '../gpt2.ts';
import { nameOfGgufTensor } from '../../weights/gguf/gguf-tensor-maps.ts';
import { mapGpt2Tensors } from '../../weights/gpt2-tensor-map.ts';
import { type ExpectedTensor, matchTensors, type StoredTensor } from '../../weights/match-tensors.ts';
import type { TensorEntry } from '../../weights/tensor-source.ts';

/** GPT-2, and with it the book's GPT and nanoGPT's. */
export const gpt2: Architecture = {
  modelTypes: ['gpt2'],
  ggufName: 'gpt2',
  fromConfigJson: (json) => planOf(parseGpt2Config(json), mapGpt2Tensors),
  fromGguf: (metadata, tensors) =>
    planOf(parseGpt2Config(configFields(metadata, tensors)), mapGgufGpt2Tensors),
};

function planOf(config: Gpt2Config, mapTensors: typeof mapGpt2Tensors): ModelPlan {
  const shapes = gpt2ParameterShapes(config);
  return {
    config,
    parameters: shapes.map((tensor) => ({ ...tensor, parts: [tensor] })),
    findTensors: (entries) => mapTensors(entries, shapes),
    build: (find) => new Gpt2(config, createGpt2Parameters(config, find)),
  };
}

/** The keys of a GPT-2 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md). */
const metadataSchema = z.object({
  'gpt2.context_length': ggufCount,
  'gpt2.embedding_length': ggufCount,
  'gpt2.block_count': ggufCount,
  'gpt2.attention.head_count': ggufCount,
  'gpt2.feed_forward_length': ggufCount.optional(),
  'gpt2.attention.causal': ggufCausal,
  'gpt2.attention.layer_norm_epsilon': z.number().positive().default(1e-5),
});

/** The metadata as the fields of a config.json. */
function configFields(metadata: GgufMetadata, tensors: TensorShapes): Record<string, unknown> {
  const fields = parseMetadata(metadataSchema, metadata);
  const numLayers = fields['gpt2.block_count'];
  checkBlockCount('gpt2.block_count', numLayers, tensors);
  return {
    vocab_size: ggufVocabSize(tensors),
    n_positions: fields['gpt2.context_length'],
    n_embd: fields['gpt2.embedding_length'],
    n_layer: numLayers,
    n_head: fields['gpt2.attention.head_count'],
    n_inner: fields['gpt2.feed_forward_length'],
    layer_norm_epsilon: fields['gpt2.attention.layer_norm_epsilon'],
    tie_word_embeddings: !tensors.has('output.weight'),
    bias: tensors.has('output_norm.bias'),
    qkv_bias: tensors.has('blk.0.attn_qkv.bias'),
    ...ggufTokenFields(metadata),
  };
}

/** Our name of each GPT-2 tensor outside the blocks, by its name in a GGUF file. */
const OUTER_NAMES: ReadonlyMap<string, string> = new Map([
  ['token_embd', 'wte'],
  ['position_embd', 'wpe'],
  ['output_norm', 'ln_f'],
  ['output', 'lm_head'],
]);

/** Our name of each part of block N, by its name in a GGUF file: `blk.N.` there, `h.N.` here. */
const BLOCK_NAMES: ReadonlyMap<string, string> = new Map([
  ['attn_norm', 'ln_1'],
  ['attn_qkv', 'attn.c_attn'],
  ['attn_output', 'attn.c_proj'],
  ['ffn_norm', 'ln_2'],
  ['ffn_up', 'mlp.c_fc'],
  ['ffn_down', 'mlp.c_proj'],
]);

const NAMES = { outer: OUTER_NAMES, block: BLOCK_NAMES, blockPrefix: 'h' };

/**
 * Finds every expected parameter among the tensors of a GPT-2's GGUF file, whose matrices lie as [out, in].
 * @throws EngineError `weights_invalid` naming every missing, misshapen or unexpected tensor
 */
function mapGgufGpt2Tensors(
  entries: ReadonlyMap<string, TensorEntry>,
  expected: readonly ExpectedTensor[],
): StoredTensor[] {
  const byName = new Map<string, TensorEntry>();
  for (const entry of entries.values()) byName.set(nameOfGgufTensor(entry.name, NAMES), entry);
  return matchTensors(
    { shapesFrom: 'the metadata', byName, isTransposed: () => false, problems: [] },
    expected,
  );
}
