import { startDecision } from '../../src/decisions/start-decision.ts';
import { callerOf } from '../../src/http/caller.ts';
import { readJsonBody } from '../../src/http/json-body.ts';
import { useEngine } from '../../src/http/use-engine.ts';
import { defineRoute } from '../define-route.ts';
import { followCompletion } from '../openai/follow-completion.ts';
import { COMPLETION_ERRORS, errorResponses, jsonContent, jsonResponse } from '../openapi-parts.ts';
import { totalTimeoutMs } from '../openai/schemas/completion-demand.ts';
import {
  decisionRequestSchema,
  decisionResponseSchema,
  toDecisionBody,
  toDecisionDemand,
} from './schemas/decisions.ts';
import { parseInput } from '../shared/schemas/parse-input.ts';

/** OpenAI's decisions: how probable the answers to questions are, without a word generated. */
export const decisionRoute = defineRoute({
  path: '/v1/decisions',
  isQueued: true,
  describe: () => ({
    post: {
      operationId: 'createDecision',
      tags: ['OpenAI'],
      summary: 'Probabilities of the answers to questions about a text',
      requestBody: { required: true, ...jsonContent(decisionRequestSchema) },
      responses: {
        200: jsonResponse('An answer to each question.', decisionResponseSchema),
        ...errorResponses(COMPLETION_ERRORS),
      },
    },
  }),
  createHandlers: ({ models, config }) => ({
    post: async (c) => {
      const { scope } = c.var;
      models.checkRoom(scope.clientId);
      const input = parseInput(decisionRequestSchema, await readJsonBody(c, config.bodyLimitBytes));
      if (config.logPrompts) scope.prompt = input.input;
      const total = totalTimeoutMs(input.timeout_ms, config.requestTimeoutMs);
      const { engine, timeoutMs } = await useEngine(c, models, input.model, total);
      const decision = await startDecision(engine, toDecisionDemand(input, timeoutMs), callerOf(c));
      followCompletion(c, decision.completion);
      const readings = await decision.readings();
      const { usage } = decision.completion.record();
      return c.json(toDecisionBody(engine.model.id, input.questions, readings, usage));
    },
  }),
});
