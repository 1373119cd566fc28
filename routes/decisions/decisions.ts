import { startDecision } from '../../src/decisions/start-decision.ts';
import { answerJson } from '../../src/http/answer-json.ts';
import { callerOf } from '../../src/http/middleware/caller.ts';
import { defineRoute } from '../define-route.ts';
import { COMPLETION_ERRORS, errorResponses, jsonContent, jsonResponse } from '../openapi-parts.ts';
import { followCompletion, readQueuedRequest, useRequestedEngine } from '../shared/queued-request.ts';
import {
  decisionRequestSchema,
  decisionResponseSchema,
  toDecisionBody,
  toDecisionRequest,
} from './schemas/decisions.ts';

/** OpenAI's decisions: how probable the answers to questions are, without a word generated. */
export const decisionRoute = defineRoute({
  path: '/v1/decisions',
  promise: 'decisions',
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
  createHandlers: (dependencies) => ({
    post: async (c) => {
      const input = await readQueuedRequest(c, dependencies, decisionRequestSchema, (body) => body.input);
      const { engine, timeoutMs } = await useRequestedEngine(c, dependencies, input);
      const decision = await startDecision(engine, toDecisionRequest(input, timeoutMs), callerOf(c));
      followCompletion(c, decision.completion);
      const readings = await decision.readings();
      const { usage } = decision.completion.record();
      return answerJson(c, toDecisionBody(engine.model.id, input.questions, readings, usage));
    },
  }),
});
