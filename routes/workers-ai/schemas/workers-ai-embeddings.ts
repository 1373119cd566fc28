import { z } from 'zod';
import type { EmbeddingRequest, TextEmbedding } from '../../../src/engine/client/texts/encode-prompts.ts';
import { invalidField } from '../../../src/errors.ts';
import { MAX_TEXT_LENGTH } from '../../shared/schemas/bounds.ts';
import { promptUsageSchema } from '../../shared/schemas/common-fields.ts';

/** Cloudflare's. */
const MAX_TEXTS = 100;

const embeddedText = z.string().min(1).max(MAX_TEXT_LENGTH);

/** Cloudflare's text embeddings. */
export const workersAiEmbeddingRequestSchema = z
  .strictObject({
    text: z
      .union([embeddedText, z.array(embeddedText).min(1).max(MAX_TEXTS)], {
        error: `must be a text, or a list of 1 to ${MAX_TEXTS} texts; none may be empty`,
      })
      .meta({ description: 'One text or several.' }),
    pooling: z
      .enum(['mean', 'cls'])
      .nullish()
      .meta({ default: 'mean', description: 'Only `mean`: a causal model has no token for a whole text.' }),
    truncate_inputs: z
      .boolean()
      .nullish()
      .meta({ default: false, description: 'Keep the end of a text that the context does not hold.' }),
  })
  .meta({ id: 'WorkersAiEmbeddingRequest' });

export type WorkersAiEmbeddingInput = z.output<typeof workersAiEmbeddingRequestSchema>;

export const workersAiEmbeddingResultSchema = z
  .object({
    shape: z.array(z.int()).length(2).meta({ description: 'Texts, and numbers of each.' }),
    data: z.array(z.array(z.number())).meta({ description: 'An embedding for each text, of length 1.' }),
    pooling: z.literal('mean'),
    usage: promptUsageSchema,
  })
  .meta({ id: 'WorkersAiEmbeddingResult' });

export const workersAiEmbeddingResponseSchema = z
  .object({
    result: workersAiEmbeddingResultSchema,
    success: z.literal(true),
    errors: z.array(z.never()),
    messages: z.array(z.string()),
  })
  .meta({ id: 'WorkersAiEmbeddingResponse' });

export type WorkersAiEmbeddingResult = z.output<typeof workersAiEmbeddingResultSchema>;

/** @throws EngineError `invalid_request` for a way to pool that the models here do not have */
export function toEmbeddingTexts({
  text,
  pooling,
  truncate_inputs: truncates,
}: WorkersAiEmbeddingInput): Pick<EmbeddingRequest, 'texts' | 'truncateTo'> {
  if (pooling === 'cls')
    throw invalidField('pooling', "must be 'mean': these models have no token for a whole text");
  const texts = typeof text === 'string' ? [text] : text;
  return { texts, truncateTo: truncates === true ? 'fit' : undefined };
}

export function toEmbeddingResult(embeddings: readonly TextEmbedding[]): WorkersAiEmbeddingResult {
  const numTokens = embeddings.reduce((sum, { numTokens: count }) => sum + count, 0);
  return {
    shape: [embeddings.length, embeddings[0]?.embedding.length ?? 0],
    data: embeddings.map(({ embedding }) => [...embedding]),
    pooling: 'mean',
    usage: { prompt_tokens: numTokens, total_tokens: numTokens },
  };
}
