import { z } from 'zod';
import { EngineError } from '../errors.ts';
import type { TensorEntry } from '../weights/tensor-source.ts';
import { parseModelConfig, type ModelConfig } from './model-config.ts';

const SUPPORTED_ARCHITECTURES = ['gpt2'];

const count = z.union([z.int(), z.bigint().transform(Number)]).pipe(z.int().positive());
const tokenId = z.union([z.int(), z.bigint().transform(Number)]).pipe(z.int().nonnegative());

/** The keys of a GPT-2 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md). */
const gpt2MetadataSchema = z.object({
  'gpt2.context_length': count,
  'gpt2.embedding_length': count,
  'gpt2.block_count': count,
  'gpt2.attention.head_count': count,
  'gpt2.feed_forward_length': count.optional(),
  'gpt2.attention.layer_norm_epsilon': z.number().positive().default(1e-5),
  'tokenizer.ggml.bos_token_id': tokenId.optional(),
  'tokenizer.ggml.eos_token_id': tokenId.optional(),
  'tokenizer.ggml.eot_token_id': tokenId.optional(),
});

/**
 * The shape of the model in a GGUF file, from its metadata and, for what the format has no key for (vocabulary, tied
 * head, biases), from which tensors there are.
 * @throws EngineError `config_invalid` naming the key, or for an architecture that is not supported
 */
export function ggufModelConfig(
  metadata: ReadonlyMap<string, unknown>,
  tensors: ReadonlyMap<string, Pick<TensorEntry, 'shape'>>,
): ModelConfig {
  const architecture = metadata.get('general.architecture');
  if (typeof architecture !== 'string')
    throw invalid(
      'the metadata has no "general.architecture"; it must name the architecture, such as "gpt2"',
    );
  if (!SUPPORTED_ARCHITECTURES.includes(architecture)) {
    throw invalid(
      `architecture "${architecture}" is not supported; supported: ${SUPPORTED_ARCHITECTURES.join(', ')}`,
    );
  }
  const parsed = gpt2MetadataSchema.safeParse(Object.fromEntries(metadata));
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw invalid(`metadata: ${issues.join('; ')}`);
  }
  const fields = parsed.data;
  const numLayers = fields['gpt2.block_count'];
  // Each block has tensors of its own; shapes are listed for so many blocks, so their number is checked before.
  if (numLayers > tensors.size)
    throw invalid(`gpt2.block_count is ${numLayers}, but there are ${tensors.size} tensors in all`);
  const ids = [fields['tokenizer.ggml.eos_token_id'], fields['tokenizer.ggml.eot_token_id']];
  return parseModelConfig({
    model_type: 'gpt2',
    vocab_size: tensors.get('token_embd.weight')?.shape[0] ?? 1,
    n_positions: fields['gpt2.context_length'],
    n_embd: fields['gpt2.embedding_length'],
    n_layer: numLayers,
    n_head: fields['gpt2.attention.head_count'],
    n_inner: fields['gpt2.feed_forward_length'],
    layer_norm_epsilon: fields['gpt2.attention.layer_norm_epsilon'],
    tie_word_embeddings: !tensors.has('output.weight'),
    bias: tensors.has('output_norm.bias'),
    qkv_bias: tensors.has('blk.0.attn_qkv.bias'),
    bos_token_id: fields['tokenizer.ggml.bos_token_id'],
    eos_token_id: [...new Set(ids.filter((id) => id !== undefined))],
  });
}

function invalid(message: string): EngineError {
  return new EngineError('config_invalid', message);
}
