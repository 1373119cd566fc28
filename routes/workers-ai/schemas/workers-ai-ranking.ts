import * as z from 'zod';
import type { RelevanceRequest } from '../../../src/decisions/start-relevance.ts';
import type { Usage } from '../../../src/engine/engine.ts';
import { MAX_DOCUMENTS, toUsage } from '../../decisions/schemas/relevance.ts';
import { boundedList } from '../../shared/schemas/lists.ts';
import { MAX_INT32, MAX_TEXT_LENGTH } from '../../shared/schemas/bounds.ts';
import { cacheSaltField, promptUsageSchema } from '../../shared/schemas/common-fields.ts';

const rankedText = z.string().min(1).max(MAX_TEXT_LENGTH);

/** Cloudflare's reranking. */
export const workersAiRankingRequestSchema = z
  .strictObject({
    query: rankedText,
    contexts: boundedList(z.strictObject({ text: rankedText }), MAX_DOCUMENTS, 1).meta({
      description: 'The texts to be ranked.',
    }),
    top_k: z.int().min(1).max(MAX_INT32).nullish().meta({ description: 'How many at most; by default all.' }),
    cache_salt: cacheSaltField,
  })
  .meta({ id: 'WorkersAiRankingRequest' });

export type WorkersAiRankingInput = z.output<typeof workersAiRankingRequestSchema>;

export const workersAiRankingResultSchema = z
  .object({
    response: z
      .array(
        z.object({
          id: z.int().meta({ description: 'Which of the contexts, from 0.' }),
          score: z.number().min(0).max(1),
        }),
      )
      .meta({ description: 'The most relevant first.' }),
    usage: promptUsageSchema,
  })
  .meta({ id: 'WorkersAiRankingResult' });

export const workersAiRankingResponseSchema = z
  .object({
    result: workersAiRankingResultSchema,
    success: z.literal(true),
    errors: z.array(z.never()),
    messages: z.array(z.string()),
  })
  .meta({ id: 'WorkersAiRankingResponse' });

export type WorkersAiRankingResult = z.output<typeof workersAiRankingResultSchema>;

export const toRankingRequest = (
  { query, contexts, cache_salt: cacheSalt }: WorkersAiRankingInput,
  timeoutMs: number,
): RelevanceRequest => ({
  queries: [query],
  queryParam: 'query',
  pairs: contexts.map(({ text }, index) => ({ query: 0, document: text, param: `contexts[${index}].text` })),
  timeoutMs,
  cacheSalt: cacheSalt ?? undefined,
});

/** @param scores of the contexts, in their order */
export function toRankingResult(
  { top_k: topK }: WorkersAiRankingInput,
  scores: readonly number[],
  usage: Usage,
): WorkersAiRankingResult {
  const ranked = scores.map((score, id) => ({ id, score })).sort((one, other) => other.score - one.score);
  return { response: ranked.slice(0, topK ?? ranked.length), usage: toUsage(usage) };
}
