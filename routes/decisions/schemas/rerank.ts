import { z } from 'zod';
import type { RelevanceDemand, RelevanceMethod } from '../../../src/decisions/start-relevance.ts';
import type { Usage } from '../../../src/engine/engine.ts';
import { boundedList } from '../../shared/schemas/bounded-list.ts';
import { MAX_INT32, nameSchema, textSchema, timeoutMsSchema } from '../../shared/schemas/bounds.ts';
import { ignored } from './decision-input.ts';

/** As many as Cohere advises to send at most. */
export const MAX_DOCUMENTS = 1000;

const documentSchema = z
  .union([textSchema, z.strictObject({ text: textSchema })])
  .meta({ description: 'A text, or an object that holds one.' });

/** What requests of both kinds have in common. */
export const relevanceFields = {
  model: nameSchema.nullish().meta({ description: 'Id of the model; may be left out.' }),
  cache_salt: nameSchema
    .min(1)
    .nullish()
    .meta({ description: 'Divides the prefix cache, as that of a completion does.' }),
  timeout_ms: timeoutMsSchema.nullish().meta({ description: 'Give up after so many milliseconds.' }),
  user: ignored,
};

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

export const scoredBySchema = z.enum(['reranker', 'question']).meta({
  description:
    '`reranker`: by a model that was trained to say whether a document answers a query, with the prompt that it was ' +
    'trained with. `question`: by any other, which is asked whether the document is relevant; how well it can tell is ' +
    'not known.',
});

export const relevanceUsageSchema = z.object({ prompt_tokens: z.int(), total_tokens: z.int() });

export const rerankResponseSchema = z
  .object({
    id: z.string().meta({ description: 'As in `x-request-id`.' }),
    model: z.string(),
    usage: relevanceUsageSchema,
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

export function toRerankDemand(input: RerankInput, timeoutMs: number): RelevanceDemand {
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

interface Relevance {
  /** Of the request. */
  id: string;
  model: string;
  method: RelevanceMethod;
  scores: readonly number[];
  usage: Usage;
}

export function toRerankBody(
  { documents, top_n: topN, return_documents: returnsDocuments }: RerankInput,
  { id, model, method, scores, usage }: Relevance,
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

export const toUsage = ({ numPromptTokens }: Usage): z.output<typeof relevanceUsageSchema> => ({
  prompt_tokens: numPromptTokens,
  total_tokens: numPromptTokens,
});
