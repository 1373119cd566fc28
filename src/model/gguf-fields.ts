import { z } from 'zod';
import { EngineError } from '../errors.ts';
import type { GgufMetadata, TensorShapes } from './architecture.ts';
import { invalidConfig, parseFields } from './model-config.ts';

/** Numbers as GGUF files have them: small ones, or 64 bits wide. */
const integer = z.union([z.int(), z.bigint().transform(Number)]);
export const ggufCount = integer.pipe(z.int().positive());
export const ggufTokenId = integer.pipe(z.int().nonnegative());

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
