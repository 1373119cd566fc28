import type { Handler } from 'hono';
import { startRelevance } from '../../src/decisions/start-relevance.ts';
import type { AppEnv } from '../../src/http/app-env.ts';
import { callerOf } from '../../src/http/caller.ts';
import { readJsonBody } from '../../src/http/json-body.ts';
import { useEngine } from '../../src/http/use-engine.ts';
import type { AppDependencies } from '../app-dependencies.ts';
import { defineRoute, type Route } from '../define-route.ts';
import { followCompletion } from '../openai/follow-completion.ts';
import { COMPLETION_ERRORS, errorResponses, jsonContent, jsonResponse } from '../openapi-parts.ts';
import { totalTimeoutMs } from '../openai/schemas/completion-demand.ts';
import { parseInput } from '../shared/schemas/parse-input.ts';
import { rerankRequestSchema, rerankResponseSchema, toRerankBody, toRerankDemand } from './schemas/rerank.ts';

/** Where clients of vLLM, Jina and Cohere look for reranking, and the names of the operations. */
const RERANK_PATHS = [
  ['/v1/rerank', 'rerank'],
  ['/v2/rerank', 'rerankV2'],
  ['/rerank', 'rerankUnversioned'],
] as const;

/** Documents by their relevance to a query, at each of its paths. */
export const rerankRoutes: readonly Route[] = RERANK_PATHS.map(([path, operationId]) =>
  defineRoute({
    path,
    isQueued: true,
    describe: () => ({
      post: {
        operationId,
        tags: ['Relevance'],
        summary: 'Documents by their relevance to a query',
        description: 'As vLLM, Jina and Cohere have it. Cross-encoders are not served: see `scored_by`.',
        requestBody: { required: true, ...jsonContent(rerankRequestSchema) },
        responses: {
          200: jsonResponse('The documents, the most relevant first.', rerankResponseSchema),
          ...errorResponses(COMPLETION_ERRORS),
        },
      },
    }),
    createHandlers: (dependencies) => ({ post: createRerank(dependencies) }),
  }),
);

const createRerank =
  ({ models, config }: AppDependencies): Handler<AppEnv> =>
  async (c) => {
    const { scope } = c.var;
    models.checkRoom(scope.clientId);
    const input = parseInput(rerankRequestSchema, await readJsonBody(c, config.bodyLimitBytes));
    if (config.logPrompts) scope.prompt = input.query;
    const total = totalTimeoutMs(input.timeout_ms, config.requestTimeoutMs);
    const { engine, timeoutMs } = await useEngine(c, models, input.model, total);
    const relevance = await startRelevance(engine, toRerankDemand(input, timeoutMs), callerOf(c));
    const { completion, method } = relevance;
    followCompletion(c, completion);
    const scores = await relevance.scores();
    const { usage } = completion.record();
    return c.json(toRerankBody(input, { id: scope.id, model: engine.model.id, method, scores, usage }));
  };
