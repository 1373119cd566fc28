import type * as z from 'zod';
import { startRelevance, type RelevanceRequest } from '../../src/decisions/start-relevance.ts';
import { answerJson } from '../../src/http/answer-json.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { callerOf } from '../../src/http/middleware/caller.ts';
import type { AppDependencies } from '../app-dependencies.ts';
import { defineRoute, type Route } from '../define-route.ts';
import { COMPLETION_ERRORS, errorResponses, jsonContent, jsonResponse } from '../openapi-parts.ts';
import { followCompletion, readQueuedRequest, useRequestedEngine } from '../shared/queued-request.ts';
import type { FoundRelevance, RelevanceFields } from './schemas/relevance.ts';
import {
  rerankRequestSchema,
  rerankResponseSchema,
  toRerankBody,
  toRerankRequest,
} from './schemas/rerank.ts';
import { scoreRequestSchema, scoreResponseSchema, toScoreBody, toScoreRequest } from './schemas/score.ts';

/** One wire form of a question about relevance. */
interface RelevanceForm<Input extends RelevanceFields> {
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly answer: string;
  readonly requestSchema: z.ZodType<Input>;
  readonly responseSchema: z.ZodType;
  /** For the log. */
  readonly promptOf: (input: Input) => unknown;
  readonly toRequest: (input: Input, timeoutMs: number) => RelevanceRequest;
  readonly toBody: (found: FoundRelevance, input: Input) => object;
}

/** Documents by their relevance to a query, as clients of vLLM, Jina and Cohere ask for it. */
export const rerankRoute = relevanceRoute({
  path: '/rerank',
  operationId: 'rerank',
  summary: 'Documents by their relevance to a query',
  description:
    'As vLLM, Jina and Cohere have it, with `/v1`, `/v2` or nothing before the path. Cross-encoders are not served: see `scored_by`.',
  answer: 'The documents, the most relevant first.',
  requestSchema: rerankRequestSchema,
  responseSchema: rerankResponseSchema,
  promptOf: ({ query }) => query,
  toRequest: toRerankRequest,
  toBody: toRerankBody,
});

/** The relevance of pairs of texts, as clients of vLLM ask for it. */
export const scoreRoute = relevanceRoute({
  path: '/score',
  operationId: 'score',
  summary: 'How relevant texts are to one another',
  description:
    'As vLLM has it, with `/v1` or nothing before the path. Cross-encoders are not served: see `scored_by`.',
  answer: 'A score for each pair.',
  requestSchema: scoreRequestSchema,
  responseSchema: scoreResponseSchema,
  promptOf: ({ text_1: queries }) => queries,
  toRequest: toScoreRequest,
  toBody: toScoreBody,
});

function relevanceRoute<Input extends RelevanceFields>(form: RelevanceForm<Input>): Route {
  const { path, operationId, summary, description, answer, requestSchema, responseSchema } = form;
  return defineRoute({
    path,
    promise: 'decisions',
    isQueued: true,
    describe: () => ({
      post: {
        operationId,
        tags: ['Relevance'],
        summary,
        description,
        requestBody: { required: true, ...jsonContent(requestSchema) },
        responses: {
          200: jsonResponse(answer, responseSchema),
          ...errorResponses(COMPLETION_ERRORS),
        },
      },
    }),
    createHandlers: (dependencies) => ({ post: (c) => answerRelevance(c, dependencies, form) }),
  });
}

async function answerRelevance<Input extends RelevanceFields>(
  c: AppContext,
  dependencies: AppDependencies,
  { requestSchema, promptOf, toRequest, toBody }: RelevanceForm<Input>,
): Promise<Response> {
  const input = await readQueuedRequest(c, dependencies, requestSchema, promptOf);
  const { engine, timeoutMs } = await useRequestedEngine(c, dependencies, input);
  const relevance = await startRelevance(engine, toRequest(input, timeoutMs), callerOf(c));
  const { completion, method } = relevance;
  followCompletion(c, completion);
  const scores = await relevance.scores();
  const found = {
    id: c.get('scope').id,
    created: Math.floor(Date.now() / 1000),
    model: engine.model.id,
    method,
    scores,
    usage: completion.record().usage,
  };
  return answerJson(c, toBody(found, input));
}
