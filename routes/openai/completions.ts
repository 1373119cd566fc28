import * as z from 'zod';
import type { Engine } from '../../src/engine/engine.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import type { GenerationRequest } from '../../src/generation/generation-request.ts';
import { startGeneration, type Generation } from '../../src/generation/start-generation.ts';
import { callerOf } from '../../src/http/middleware/caller.ts';
import { toBodyId } from '../../src/http/middleware/request-id.ts';
import { dataFrame } from '../../src/http/sse/sse.ts';
import { systemFingerprint } from '../../src/http/system-fingerprint.ts';
import { defineRoute } from '../define-route.ts';
import { COMPLETION_ERRORS, errorResponses, jsonContent, streamableResponse } from '../openapi-parts.ts';
import { CompletionWriter } from './schemas/completion-writer.ts';
import {
  completionChunkSchema,
  completionRequestSchema,
  completionResponseSchema,
  type CompletionInput,
} from './schemas/completions.ts';
import { toCompletion, usageSoFarOf } from './schemas/generation.ts';
import { answerGeneration } from '../shared/answer-generation.ts';
import { readQueuedRequest, useRequestedEngine } from '../shared/queued-request.ts';
import { openAiErrorSchema } from '../shared/schemas/errors.ts';

/** OpenAI's text completion. */
export const completionRoute = defineRoute({
  path: '/v1/completions',
  promise: 'completions',
  operation: 'text_completion',
  isQueued: true,
  describe: () => ({
    post: {
      operationId: 'createCompletion',
      tags: ['OpenAI'],
      summary: 'Complete a text',
      description:
        'Text or token ids go in, and what the model writes after them comes out. The same seed gives the same text, ' +
        'whatever else is computed beside it.',
      requestBody: {
        required: true,
        ...jsonContent(completionRequestSchema, { prompt: 'Once upon a time', max_tokens: 32, seed: 1 }),
      },
      responses: {
        200: streamableResponse(
          'The completions, `n` for each prompt.',
          completionResponseSchema,
          z.union([completionChunkSchema, openAiErrorSchema]),
        ),
        ...errorResponses(COMPLETION_ERRORS),
      },
    },
  }),
  createHandlers: (dependencies) => ({
    post: async (c) => {
      const input = await readQueuedRequest(c, dependencies, completionRequestSchema, ({ prompt }) => prompt);
      const { engine, timeoutMs } = await useRequestedEngine(c, dependencies, input);
      const request = toCompletion(input, engine.model, timeoutMs);
      const generation = await startGeneration(engine, request, callerOf(c));
      const writer = writerOf(c, engine, input, request, generation);
      return answerGeneration(c, generation, writer, {
        isStreamed: input.stream === true,
        pingIntervalMs: dependencies.config.ssePingIntervalMs,
        toFrame: dataFrame,
      });
    },
  }),
});

function writerOf(
  c: AppContext,
  { tokenizer, model }: Engine,
  input: CompletionInput,
  { params }: GenerationRequest,
  { prompts, completion }: Generation,
): CompletionWriter {
  const echoOf = (index: number): string => {
    const text = input.prompt[index];
    const { tokenIds = [], isTruncated = false } = prompts[index] ?? {};
    // An empty prompt became end-of-text, and is echoed as such.
    return typeof text === 'string' && text !== '' && !isTruncated ? text : tokenizer.decode(tokenIds);
  };
  return new CompletionWriter({
    id: toBodyId(c.get('scope').id),
    created: Math.floor(Date.now() / 1000),
    model: model.id,
    systemFingerprint: systemFingerprint(model),
    tokenizer,
    n: params.n,
    prompts: prompts.map((prompt, index) => ({
      ...prompt,
      echo: input.echo === true ? echoOf(index) : undefined,
    })),
    withLogprobs: params.numLogprobs !== undefined,
    isStreamed: input.stream === true,
    withTokenIds: input.return_token_ids === true,
    withUsage: input.stream === true && input.stream_options?.include_usage === true,
    usageSoFar: usageSoFarOf(input, completion),
    withEveryToken: input.stream_options?.every_token === true,
    skipsSpecialTokens: input.skip_special_tokens !== false,
  });
}
