import * as z from 'zod';
import { renderPrompts } from '../../src/generation/render-prompts.ts';
import { answerJson } from '../../src/http/answer-json.ts';
import { callerOf } from '../../src/http/middleware/caller.ts';
import { toBodyId, toChatBodyId } from '../../src/http/middleware/request-id.ts';
import { defineRoute } from '../define-route.ts';
import { COMPLETION_ERRORS, errorResponses, jsonContent, jsonResponse } from '../openapi-parts.ts';
import { readQueuedRequest, useRequestedEngine } from '../shared/queued-request.ts';
import { renderedPromptSchema, toRenderedPrompt } from '../shared/schemas/rendered-prompt.ts';
import { chatRequestSchema, toChat } from './schemas/chat.ts';
import { completionRequestSchema } from './schemas/completions.ts';
import { toCompletion } from './schemas/generation.ts';

/** vLLM's: the token ids that a completion would begin with. Routers ask for them, to find the replica that has them. */
export const renderCompletionRoute = defineRoute({
  path: '/v1/completions/render',
  promise: 'tokens',
  isQueued: true,
  describe: () => ({
    post: {
      operationId: 'renderCompletion',
      tags: ['Tokens'],
      summary: 'The token ids of the prompts of a completion, as vLLM has it',
      requestBody: { required: true, ...jsonContent(completionRequestSchema) },
      responses: {
        200: jsonResponse('One for each prompt.', z.array(renderedPromptSchema)),
        ...errorResponses(COMPLETION_ERRORS),
      },
    },
  }),
  createHandlers: (dependencies) => ({
    post: async (c) => {
      const input = await readQueuedRequest(c, dependencies, completionRequestSchema, ({ prompt }) => prompt);
      const { engine, timeoutMs } = await useRequestedEngine(c, dependencies, input);
      const request = toCompletion(input, engine.model, timeoutMs);
      const prompts = await renderPrompts(engine, request, callerOf(c));
      const id = toBodyId(c.get('scope').id);
      return answerJson(
        c,
        prompts.map((tokenIds) => toRenderedPrompt(id, engine.model.id, tokenIds)),
      );
    },
  }),
});

/** vLLM's: the token ids of the prompt that a chat completion would be made from. */
export const renderChatRoute = defineRoute({
  path: '/v1/chat/completions/render',
  promise: 'tokens',
  isQueued: true,
  describe: () => ({
    post: {
      operationId: 'renderChatCompletion',
      tags: ['Tokens'],
      summary: 'The token ids of the prompt of a chat completion, as vLLM has it',
      requestBody: { required: true, ...jsonContent(chatRequestSchema) },
      responses: {
        200: jsonResponse('The prompt.', renderedPromptSchema),
        ...errorResponses(COMPLETION_ERRORS),
      },
    },
  }),
  createHandlers: (dependencies) => ({
    post: async (c) => {
      const input = await readQueuedRequest(c, dependencies, chatRequestSchema, ({ messages }) => messages);
      const { engine, timeoutMs } = await useRequestedEngine(c, dependencies, input);
      const request = toChat(input, engine.model, timeoutMs);
      const [tokenIds] = await renderPrompts(engine, request, callerOf(c));
      return answerJson(c, toRenderedPrompt(toChatBodyId(c.get('scope').id), engine.model.id, tokenIds));
    },
  }),
});
