import * as z from 'zod';
import type { RelevanceRequest } from '../../../src/decisions/start-relevance.ts';
import { invalidField } from '../../../src/errors.ts';
import { textSchema } from '../../shared/schemas/bounds.ts';
import { textOrList } from '../../shared/schemas/lists.ts';
import { MAX_DOCUMENTS, relevanceFields, scoredBySchema, toUsage, type FoundRelevance } from './relevance.ts';
import { promptUsageSchema } from '../../shared/schemas/common-fields.ts';

const textsSchema = textOrList(textSchema, MAX_DOCUMENTS, 1);

/** vLLM's request for the scores of pairs of texts. */
export const scoreRequestSchema = z
  .strictObject({
    ...relevanceFields,
    text_1: textsSchema.meta({ description: 'A query, or one for each of `text_2`.' }),
    text_2: textsSchema.meta({ description: 'Documents.' }),
  })
  .meta({ id: 'ScoreRequest' });

export const scoreResponseSchema = z
  .object({
    id: z.string().meta({ description: 'As in `x-request-id`.' }),
    object: z.literal('list'),
    created: z.int(),
    model: z.string(),
    scored_by: scoredBySchema,
    data: z
      .array(
        z.object({
          index: z.int(),
          object: z.literal('score'),
          score: z.number().min(0).max(1).meta({ description: 'The probability of yes against no.' }),
        }),
      )
      .meta({ description: 'In the order of `text_2`.' }),
    usage: promptUsageSchema,
  })
  .meta({ id: 'ScoreResponse' });

export type ScoreInput = z.output<typeof scoreRequestSchema>;
export type ScoreBody = z.output<typeof scoreResponseSchema>;

/** @throws EngineError `invalid_request` where the texts make no pairs */
export function toScoreRequest(input: ScoreInput, timeoutMs: number): RelevanceRequest {
  const queries = typeof input.text_1 === 'string' ? [input.text_1] : input.text_1;
  const documents = typeof input.text_2 === 'string' ? [input.text_2] : input.text_2;
  if (queries.length !== 1 && queries.length !== documents.length) {
    throw invalidField(
      'text_1',
      `has ${queries.length} texts; it takes one, or as many as text_2, which has ${documents.length}`,
    );
  }
  return {
    queries,
    queryParam: 'text_1',
    pairs: documents.map((document, index) => ({
      query: queries.length === 1 ? 0 : index,
      document,
      param: documents.length === 1 ? 'text_2' : `text_2[${index}]`,
    })),
    timeoutMs,
    cacheSalt: input.cache_salt ?? undefined,
  };
}

export function toScoreBody({ id, created, model, method, scores, usage }: FoundRelevance): ScoreBody {
  return {
    id,
    object: 'list',
    created,
    model,
    scored_by: method,
    data: scores.map((score, index) => ({ index, object: 'score', score })),
    usage: toUsage(usage),
  };
}
