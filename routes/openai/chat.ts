import { z } from 'zod';
import type { Engine } from '../../src/engine/engine.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { callerOf } from '../../src/http/caller.ts';
import { toChatBodyId } from '../../src/http/request-id.ts';
import { startAnswer } from '../../src/chat/start-answer.ts';
import type { StartedAnswer } from '../../src/chat/answer.ts';
import { systemFingerprint } from '../../src/http/system-fingerprint.ts';
import { answerCompletion } from './answer-completion.ts';
import { defineRoute } from '../define-route.ts';
import { COMPLETION_ERRORS, errorResponses, jsonContent, streamableResponse } from '../openapi-parts.ts';
import { ChatChunks } from './schemas/chat-chunks.ts';
import { showsReasoning } from './schemas/chat-reasoning.ts';
import {
  chatChunkSchema,
  chatRequestSchema,
  chatResponseSchema,
  toChatDemand,
  type ChatInput,
} from './schemas/chat.ts';
import { usesFunctions } from './schemas/chat-tools.ts';
import { readQueuedRequest, useRequestedEngine } from '../shared/queued-request.ts';
import { openAiErrorSchema } from '../shared/schemas/errors.ts';

/** OpenAI's chat completion, by the model's own chat template. */
export const chatRoute = defineRoute({
  path: '/v1/chat/completions',
  isQueued: true,
  describe: () => ({
    post: {
      operationId: 'createChatCompletion',
      tags: ['OpenAI'],
      summary: "Answer in a conversation, written by the model's chat template",
      requestBody: { required: true, ...jsonContent(chatRequestSchema) },
      responses: {
        200: streamableResponse(
          'The answers, `n` of them.',
          chatResponseSchema,
          z.union([chatChunkSchema, openAiErrorSchema]),
        ),
        ...errorResponses(COMPLETION_ERRORS),
      },
    },
  }),
  createHandlers: (dependencies) => ({
    post: async (c) => {
      const input = await readQueuedRequest(c, dependencies, chatRequestSchema, ({ messages }) => messages);
      const { engine, timeoutMs } = await useRequestedEngine(c, dependencies, input);
      const demand = toChatDemand(input, engine.model, timeoutMs);
      const started = await startAnswer(engine, demand, callerOf(c));
      c.var.scope.attachCompletion(started.completion);
      const chunks = chunksOf(c, engine, input, started);
      return answerCompletion(c, started, chunks, input, dependencies.config.ssePingIntervalMs);
    },
  }),
});

function chunksOf(
  c: AppContext,
  { model, tokenizer }: Engine,
  input: ChatInput,
  { demand, prompt }: StartedAnswer,
): ChatChunks {
  return new ChatChunks({
    id: toChatBodyId(c.var.scope.id),
    created: Math.floor(Date.now() / 1000),
    model: model.id,
    systemFingerprint: systemFingerprint(model),
    tokenizer,
    n: demand.n,
    prompt,
    withLogprobs: demand.numLogprobs !== undefined,
    isStreamed: input.stream === true,
    withTokenIds: input.return_token_ids === true,
    withUsage: input.stream === true && input.stream_options?.include_usage === true,
    withEveryToken: input.stream_options?.every_token === true,
    withReasoning: showsReasoning(input),
    mayCall: demand.toolChoice.type !== 'none',
    isCallChosen: demand.toolChoice.type === 'named',
    usesFunctions: usesFunctions(input),
  });
}
