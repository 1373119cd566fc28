import * as z from 'zod';
import type { Caller } from '../../src/engine/caller.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { isConversation, type GenerationRequest } from '../../src/generation/generation-request.ts';
import { startGeneration, type Generation } from '../../src/generation/start-generation.ts';
import { callerOf } from '../../src/http/middleware/caller.ts';
import { toChatBodyId } from '../../src/http/middleware/request-id.ts';
import { dataFrame } from '../../src/http/sse/sse.ts';
import { systemFingerprint } from '../../src/http/system-fingerprint.ts';
import type { AppDependencies } from '../app-dependencies.ts';
import { defineRoute } from '../define-route.ts';
import { COMPLETION_ERRORS, errorResponses, jsonContent, streamableResponse } from '../openapi-parts.ts';
import { showsReasoning } from './schemas/chat-reasoning.ts';
import {
  chatChunkSchema,
  chatRequestSchema,
  chatResponseSchema,
  toChat,
  type ChatInput,
} from './schemas/chat.ts';
import { usesFunctions } from './schemas/chat-tools.ts';
import { ChatWriter } from './schemas/chat-writer.ts';
import { usageSoFarOf } from './schemas/generation.ts';
import { answerGeneration, type WrapBody } from '../shared/answer-generation.ts';
import { readQueuedRequest, useRequestedEngine } from '../shared/queued-request.ts';
import { openAiErrorSchema } from '../shared/schemas/errors.ts';

/** OpenAI's chat completion, by the model's own chat template. */
export const chatRoute = defineRoute({
  path: '/v1/chat/completions',
  promise: 'completions',
  operation: 'chat',
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
      return answerChat(c, dependencies, input);
    },
  }),
});

/** A chat completion; also where another API has its shape. */
export async function answerChat(
  c: AppContext,
  dependencies: AppDependencies,
  input: ChatInput,
  wrapBody: WrapBody = (body) => body,
): Promise<Response> {
  const { engine, timeoutMs } = await useRequestedEngine(c, dependencies, input);
  const { generation, writer } = await startChat(engine, input, timeoutMs, callerOf(c));
  return answerGeneration(c, generation, writer, {
    isStreamed: input.stream === true,
    pingIntervalMs: dependencies.config.ssePingIntervalMs,
    toFrame: dataFrame,
    wrapBody,
  });
}

/** @throws EngineError as `toChat` and `startGeneration` */
export async function startChat(
  engine: Engine,
  input: ChatInput,
  timeoutMs: number,
  caller: Caller,
): Promise<{ generation: Generation; writer: ChatWriter }> {
  const request = toChat(input, engine.model, timeoutMs);
  const generation = await startGeneration(engine, request, caller);
  return { generation, writer: writerOf(engine, input, request, generation, caller.id) };
}

function writerOf(
  { model, tokenizer }: Engine,
  input: ChatInput,
  { params, input: conversation }: GenerationRequest,
  { prompts: [prompt], completion }: Generation,
  requestId: string,
): ChatWriter {
  const { type: choice } = isConversation(conversation) ? conversation.toolChoice : { type: 'none' };
  return new ChatWriter({
    id: toChatBodyId(requestId),
    created: Math.floor(Date.now() / 1000),
    model: model.id,
    systemFingerprint: systemFingerprint(model),
    tokenizer,
    n: params.n,
    prompt,
    withLogprobs: params.numLogprobs !== undefined,
    isStreamed: input.stream === true,
    withTokenIds: input.return_token_ids === true,
    withUsage: input.stream === true && input.stream_options?.include_usage === true,
    usageSoFar: usageSoFarOf(input, completion),
    withEveryToken: input.stream_options?.every_token === true,
    withReasoning: showsReasoning(input),
    mayCall: choice !== 'none',
    isCallChosen: choice === 'named',
    usesFunctions: usesFunctions(input),
  });
}
