import { z } from 'zod';
import type { Engine } from '../../src/engine/engine.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { callerOf } from '../../src/http/caller.ts';
import { toBodyId } from '../../src/http/request-id.ts';
import { startCompletion, type StartedCompletion } from '../../src/engine/client/start-completion.ts';
import { systemFingerprint } from '../../src/http/system-fingerprint.ts';
import { answerCompletion } from './answer-completion.ts';
import { defineRoute } from '../define-route.ts';
import { COMPLETION_ERRORS, errorResponses, jsonContent, streamableResponse } from '../openapi-parts.ts';
import { CompletionChunks } from './schemas/completion-chunks.ts';
import { toCompletionDemand } from './schemas/completion-demand.ts';
import {
  completionChunkSchema,
  completionRequestSchema,
  completionResponseSchema,
  type CompletionInput,
} from './schemas/completions.ts';
import { readQueuedRequest, useRequestedEngine } from '../shared/queued-request.ts';
import { openAiErrorSchema } from '../shared/schemas/errors.ts';

/** OpenAI's text completion. */
export const completionRoute = defineRoute({
  path: '/v1/completions',
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
      const demand = toCompletionDemand(input, engine.model, timeoutMs);
      const started = await startCompletion(engine, demand, callerOf(c));
      c.var.scope.attachCompletion(started.completion);
      const chunks = chunksOf(c, engine, input, started);
      const { completion } = started;
      const { ssePingIntervalMs } = dependencies.config;
      return answerCompletion(c, { completion, events: completion }, chunks, input, ssePingIntervalMs);
    },
  }),
});

function chunksOf(
  c: AppContext,
  { tokenizer, model }: Engine,
  input: CompletionInput,
  { demand, prompts }: StartedCompletion,
): CompletionChunks {
  const echoOf = (index: number): string => {
    const text = demand.prompts[index];
    const { tokenIds = [], isTruncated = false } = prompts[index] ?? {};
    // An empty prompt became end-of-text, and is echoed as such.
    return typeof text === 'string' && text !== '' && !isTruncated ? text : tokenizer.decode(tokenIds);
  };
  return new CompletionChunks({
    id: toBodyId(c.var.scope.id),
    created: Math.floor(Date.now() / 1000),
    model: model.id,
    systemFingerprint: systemFingerprint(model),
    tokenizer,
    n: demand.n,
    prompts: prompts.map((prompt, index) => ({
      ...prompt,
      echo: input.echo === true ? echoOf(index) : undefined,
    })),
    withLogprobs: demand.numLogprobs !== undefined,
    isStreamed: input.stream === true,
    withTokenIds: input.return_token_ids === true,
    withUsage: input.stream === true && input.stream_options?.include_usage === true,
    withEveryToken: input.stream_options?.every_token === true,
    skipsSpecialTokens: input.skip_special_tokens !== false,
  });
}
