import { renderPrompts } from '../../src/generation/render-prompts.ts';
import { answerJson } from '../../src/http/answer-json.ts';
import { callerOf } from '../../src/http/middleware/caller.ts';
import { toResponseId } from '../../src/http/middleware/request-id.ts';
import { defineRoute } from '../define-route.ts';
import { COMPLETION_ERRORS, errorResponses, jsonContent, jsonResponse } from '../openapi-parts.ts';
import { readQueuedRequest, useRequestedEngine } from '../shared/queued-request.ts';
import { renderedPromptSchema, toRenderedPrompt } from '../shared/schemas/rendered-prompt.ts';
import { toFollowedConversation } from './response-conversation.ts';
import { toResponseGeneration } from './schemas/response-generation.ts';
import { RESPONSE_FIELD_NAMES, responseRequestSchema } from './schemas/response-request.ts';

/** vLLM's: the token ids of the prompt that a response would be made from. */
export const renderResponseRoute = defineRoute({
  path: '/v1/responses/render',
  promise: 'tokens',
  fieldNames: RESPONSE_FIELD_NAMES,
  isQueued: true,
  describe: () => ({
    post: {
      operationId: 'renderResponse',
      tags: ['Tokens'],
      summary: 'The token ids of the prompt of a response, as vLLM has it',
      requestBody: { required: true, ...jsonContent(responseRequestSchema) },
      responses: {
        200: jsonResponse('The prompt.', renderedPromptSchema),
        ...errorResponses(COMPLETION_ERRORS),
      },
    },
  }),
  createHandlers: (dependencies) => ({
    post: async (c) => {
      const { config, responses } = dependencies;
      const input = await readQueuedRequest(c, dependencies, responseRequestSchema, (body) => body.input);
      const { followed } = toFollowedConversation(c, responses, input, config.bodyLimitBytes);
      const { engine, timeoutMs } = await useRequestedEngine(c, dependencies, input);
      const request = toResponseGeneration(input, followed, engine.model, timeoutMs);
      const [tokenIds] = await renderPrompts(engine, request, callerOf(c));
      return answerJson(c, toRenderedPrompt(toResponseId(c.get('scope').id), engine.model.id, tokenIds));
    },
  }),
});
