import { startDecision } from '../../src/decisions/start-decision.ts';
import { answerJson } from '../../src/http/answer-json.ts';
import { callerOf } from '../../src/http/middleware/caller.ts';
import { defineRoute } from '../define-route.ts';
import { COMPLETION_ERRORS, errorResponses, jsonContent, jsonResponse } from '../openapi-parts.ts';
import { followCompletion, readQueuedRequest, useRequestedEngine } from '../shared/queued-request.ts';
import {
  systemOneRequestSchema,
  systemOneResponseSchema,
  toSystemOneBody,
  toSystemOneDecision,
} from './schemas/system-one.ts';

/** Decisions on the wire of decision models, as Cloudflare's Clef has them. */
export const systemOneRoute = defineRoute({
  path: '/v1/systemone',
  promise: 'decisions',
  isQueued: true,
  describe: () => ({
    post: {
      operationId: 'createSystemOneDecision',
      tags: ['Relevance'],
      summary: 'Probabilities of the answers to named questions about a state',
      description: 'What `POST /v1/decisions` answers, on the wire of System One.',
      requestBody: {
        required: true,
        ...jsonContent(systemOneRequestSchema, {
          state: 'It broke.',
          questions: { ok: { type: 'noul', instructions: 'Is it ok?' } },
        }),
      },
      responses: {
        200: jsonResponse('An answer to each question.', systemOneResponseSchema),
        ...errorResponses(COMPLETION_ERRORS),
      },
    },
  }),
  createHandlers: (dependencies) => ({
    post: async (c) => {
      const input = await readQueuedRequest(c, dependencies, systemOneRequestSchema, ({ state }) => state);
      const { engine, timeoutMs } = await useRequestedEngine(c, dependencies, input);
      const decision = await startDecision(engine, toSystemOneDecision(input, timeoutMs), callerOf(c));
      followCompletion(c, decision.completion);
      const readings = await decision.readings();
      const { usage } = decision.completion.record();
      return answerJson(c, toSystemOneBody(engine.model.id, input.questions, readings, usage));
    },
  }),
});
