import * as z from 'zod';
import type { RelevanceMethod } from '../../../src/decisions/start-relevance.ts';
import type { Usage } from '../../../src/engine/engine.ts';
import { nameSchema } from '../../shared/schemas/bounds.ts';
import type { promptUsageSchema } from '../../shared/schemas/common-fields.ts';
import { ignored, modelField, timeoutField } from '../../shared/schemas/common-fields.ts';

/** What reranking and scoring have in common on the wire. */

/** As many as Cohere advises to send at most. */
export const MAX_DOCUMENTS = 1000;

/** Fields of both requests. */
export const relevanceFields = {
  model: modelField,
  cache_salt: nameSchema
    .min(1)
    .nullish()
    .meta({ description: 'Divides the prefix cache, as that of a completion does.' }),
  timeout_ms: timeoutField,
  user: ignored,
};

export type RelevanceFields = z.output<z.ZodObject<typeof relevanceFields>>;

export const scoredBySchema = z.enum(['reranker', 'question']).meta({
  description:
    '`reranker`: by a model that was trained to say whether a document answers a query, with the prompt that it was ' +
    'trained with. `question`: by any other, which is asked whether the document is relevant; how well it can tell is ' +
    'not known.',
  id: 'ScoredBy',
});

/** What a model said of the pairs of a request. */
export interface FoundRelevance {
  /** Of the request. */
  readonly id: string;
  /** Unix time in seconds. */
  readonly created: number;
  readonly model: string;
  readonly method: RelevanceMethod;
  /** Of each pair, from 0 to 1. */
  readonly scores: readonly number[];
  readonly usage: Usage;
}

export const toUsage = ({ numPromptTokens }: Usage): z.output<typeof promptUsageSchema> => ({
  prompt_tokens: numPromptTokens,
  total_tokens: numPromptTokens,
});
