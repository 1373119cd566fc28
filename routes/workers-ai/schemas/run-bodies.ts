import * as z from 'zod';
import { systemOneRequestSchema, systemOneResponseSchema } from '../../decisions/schemas/system-one.ts';
import { chatChunkSchema, chatRequestSchema, chatResponseSchema } from '../../openai/schemas/chat.ts';
import { responseBodySchema } from '../../responses/schemas/response-body.ts';
import { responseEventSchema } from '../../responses/schemas/response-events.ts';
import { responseRequestSchema } from '../../responses/schemas/response-request.ts';
import { jsonObjectSchema } from '../../shared/schemas/json-object.ts';
import { modelField } from '../../shared/schemas/common-fields.ts';
import { workersAiChunkSchema, workersAiResponseSchema, workersAiResultSchema } from './workers-ai-answer.ts';
import {
  batchPollSchema,
  batchRequestSchema,
  batchResponseSchema,
  batchResultSchemas,
  batchStatusSchema,
} from './workers-ai-batch.ts';
import {
  workersAiEmbeddingRequestSchema,
  workersAiEmbeddingResponseSchema,
  workersAiEmbeddingResultSchema,
} from './workers-ai-embeddings.ts';
import {
  workersAiRankingRequestSchema,
  workersAiRankingResponseSchema,
  workersAiRankingResultSchema,
} from './workers-ai-ranking.ts';
import {
  classificationRequestSchema,
  classificationResultSchema,
  guardRequestSchema,
  guardResultSchema,
  summaryRequestSchema,
  summaryResultSchema,
  translationRequestSchema,
  translationResultSchema,
} from './workers-ai-tasks.ts';
import { workersAiRequestSchema } from './workers-ai.ts';

/** What running a model takes and gives, of all tasks together, for the OpenAPI document. */

const inputSchemas = [
  workersAiRequestSchema,
  workersAiEmbeddingRequestSchema,
  workersAiRankingRequestSchema,
  summaryRequestSchema,
  translationRequestSchema,
  classificationRequestSchema,
  guardRequestSchema,
  systemOneRequestSchema,
  chatRequestSchema,
  responseRequestSchema,
] as const;

export const runRequestSchema = z.union([...inputSchemas, batchRequestSchema, batchPollSchema]);

/** A body that names its model. */
export const unifiedRequestSchema = z
  .strictObject({
    model: modelField,
    input: jsonObjectSchema.meta({ description: 'Any JSON object that `POST /ai/run/{model}` takes.' }),
  })
  .meta({ id: 'WorkersAiUnifiedRequest' });

const otherResults = [
  summaryResultSchema,
  translationResultSchema,
  classificationResultSchema,
  guardResultSchema,
  systemOneResponseSchema,
  chatResponseSchema,
  responseBodySchema,
] as const;

const envelopeOf = <Result extends z.ZodType>(result: Result) =>
  z.object({
    result,
    success: z.literal(true),
    errors: z.array(z.never()),
    messages: z.array(z.string()),
  });

export const runResponseSchema = z.union([
  workersAiResponseSchema,
  workersAiEmbeddingResponseSchema,
  workersAiRankingResponseSchema,
  batchStatusSchema,
  batchResponseSchema,
  envelopeOf(z.union(otherResults)).meta({ id: 'WorkersAiTaskResponse' }),
]);

/** Without an envelope. */
export const runResultSchema = z.union([
  workersAiResultSchema,
  workersAiEmbeddingResultSchema,
  workersAiRankingResultSchema,
  ...batchResultSchemas,
  ...otherResults,
]);

export const runEventSchema = z.union([workersAiChunkSchema, chatChunkSchema, responseEventSchema]);
