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
import { scoreRequestSchema, scoreResponseSchema, toScoreBody, toScoreDemand } from './schemas/score.ts';

/** Where clients of vLLM look for scores, and the names of the operations. */
const SCORE_PATHS = [
  ['/v1/score', 'score'],
  ['/score', 'scoreUnversioned'],
] as const;

/** The relevance of pairs of texts, at each of its paths. */
export const scoreRoutes: readonly Route[] = SCORE_PATHS.map(([path, operationId]) =>
  defineRoute({
    path,
    isQueued: true,
    describe: () => ({
      post: {
        operationId,
        tags: ['Relevance'],
        summary: 'How relevant texts are to one another',
        description: 'As vLLM has it. Cross-encoders are not served: see `scored_by`.',
        requestBody: { required: true, ...jsonContent(scoreRequestSchema) },
        responses: {
          200: jsonResponse('A score for each pair.', scoreResponseSchema),
          ...errorResponses(COMPLETION_ERRORS),
        },
      },
    }),
    createHandlers: (dependencies) => ({ post: createScore(dependencies) }),
  }),
);

const createScore =
  ({ models, config }: AppDependencies): Handler<AppEnv> =>
  async (c) => {
    const { scope } = c.var;
    models.checkRoom(scope.clientId);
    const input = parseInput(scoreRequestSchema, await readJsonBody(c, config.bodyLimitBytes));
    if (config.logPrompts) scope.prompt = input.text_1;
    const total = totalTimeoutMs(input.timeout_ms, config.requestTimeoutMs);
    const { engine, timeoutMs } = await useEngine(c, models, input.model, total);
    const relevance = await startRelevance(engine, toScoreDemand(input, timeoutMs), callerOf(c));
    const { completion, method } = relevance;
    followCompletion(c, completion);
    const scores = await relevance.scores();
    const created = Math.floor(Date.now() / 1000);
    const { usage } = completion.record();
    return c.json(toScoreBody({ id: scope.id, created, model: engine.model.id, method, scores, usage }));
  };
