import * as z from 'zod';
import type { RelevanceRequest } from '../../../src/decisions/start-relevance.ts';
import { boundedList } from '../../shared/schemas/lists.ts';
import { MAX_INT32, textSchema } from '../../shared/schemas/bounds.ts';
import { MAX_DOCUMENTS, relevanceFields, scoredBySchema, toUsage, type FoundRelevance } from './relevance.ts';
import { promptUsageSchema } from '../../shared/schemas/common-fields.ts';

const documentSchema = z
  .union([textSchema, z.strictObject({ text: textSchema })])
  .meta({ description: 'A text, or an object that holds one.' });

/** Reranking as vLLM, Jina and Cohere have it. */
export const rerankRequestSchema = z
  .strictObject({
    ...relevanceFields,
    query: textSchema,
    documents: boundedList(documentSchema, MAX_DOCUMENTS)
      .refine(({ length }) => length >= 1, 'must have at least 1 entries')
      .meta({ minItems: 1 }),
    top_n: z
      .int()
      .min(0)
      .max(MAX_INT32)
      .nullish()
      .meta({ default: 0, description: 'How many results at most; 0: all.' }),
    return_documents: z
      .boolean()
      .nullish()
      .meta({ default: true, description: 'Whether each result has its document.' }),
  })
  .meta({ id: 'RerankRequest' });

export const rerankResponseSchema = z
  .object({
    id: z.string().meta({ description: 'As in `x-request-id`.' }),
    model: z.string(),
    usage: promptUsageSchema,
    scored_by: scoredBySchema,
    results: z
      .array(
        z.object({
          index: z.int().meta({ description: 'Which of the documents.' }),
          document: z.object({ text: z.string() }).optional(),
          relevance_score: z
            .number()
            .min(0)
            .max(1)
            .meta({ description: 'The probability of yes against no.' }),
        }),
      )
      .meta({ description: 'The most relevant first; of equals, in the order of the documents.' }),
  })
  .meta({ id: 'RerankResponse' });

export type RerankInput = z.output<typeof rerankRequestSchema>;
export type RerankBody = z.output<typeof rerankResponseSchema>;

export function toRerankRequest(input: RerankInput, timeoutMs: number): RelevanceRequest {
  return {
    queries: [input.query],
    queryParam: 'query',
    pairs: input.documents.map((document, index) => ({
      query: 0,
      document: textOf(document),
      param: `documents[${index}]`,
    })),
    timeoutMs,
    cacheSalt: input.cache_salt ?? undefined,
  };
}

const textOf = (document: RerankInput['documents'][number]): string =>
  typeof document === 'string' ? document : document.text;

export function toRerankBody(
  { id, model, method, scores, usage }: FoundRelevance,
  { documents, top_n: topN, return_documents: returnsDocuments }: RerankInput,
): RerankBody {
  const ranked = documents
    .map((document, index) => ({
      index,
      ...(returnsDocuments === false ? {} : { document: { text: textOf(document) } }),
      relevance_score: scores[index] ?? 0,
    }))
    .sort((one, other) => other.relevance_score - one.relevance_score);
  const numWanted = (topN ?? 0) === 0 ? ranked.length : (topN ?? 0);
  return { id, model, usage: toUsage(usage), scored_by: method, results: ranked.slice(0, numWanted) };
}
