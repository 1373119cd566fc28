import * as z from 'zod';
import type { ZodOpenApiResponseObject } from 'zod-openapi';
import type { ModelInfo } from '../../src/engine/engine.ts';
import type { GenerationRequest } from '../../src/generation/generation-request.ts';
import { startGeneration } from '../../src/generation/start-generation.ts';
import { answerJson } from '../../src/http/answer-json.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { callerOf } from '../../src/http/middleware/caller.ts';
import { jsonLine } from '../../src/http/sse/sse.ts';
import type { AppDependencies } from '../app-dependencies.ts';
import { defineRoute } from '../define-route.ts';
import { completionHeaders, jsonContent, listedResponse, rangesOfErrors } from '../openapi-parts.ts';
import { answerGeneration } from '../shared/answer-generation.ts';
import { readQueuedRequest, useRequestedEngine } from '../shared/queued-request.ts';
import { ollamaErrorSchema } from '../shared/schemas/errors.ts';
import { lineSchema, LineWriter, toLine, toLoadedLine } from './schemas/answer-writer.ts';
import {
  chatRequestSchema,
  generateRequestSchema,
  OLLAMA_FIELD_NAMES,
  toChat,
  toGenerate,
} from './schemas/requests.ts';

/** Lines of JSON, or one of them where the request says `stream: false`. The same for both. */
const ANSWER = (): ZodOpenApiResponseObject =>
  listedResponse('ollama-answer', {
    description: 'The answer. A fault after the stream began is a line with `error`.',
    content: {
      'application/json': { schema: lineSchema },
      'application/x-ndjson': { schema: z.union([lineSchema, ollamaErrorSchema]) },
    },
    headers: z.object(completionHeaders),
  });

/** Ollama's chat, by the model's own chat template. */
export const ollamaChatRoute = defineRoute({
  path: '/api/chat',
  promise: 'ollama',
  api: 'ollama',
  fieldNames: OLLAMA_FIELD_NAMES,
  isQueued: true,
  describe: () => ({
    post: {
      operationId: 'ollamaChat',
      tags: ['Ollama'],
      summary: 'Answer in a conversation',
      requestBody: { required: true, ...jsonContent(chatRequestSchema) },
      responses: {
        200: ANSWER(),
        ...rangesOfErrors('ollama'),
      },
    },
  }),
  createHandlers: (dependencies) => ({
    post: (c) =>
      answer(c, dependencies, {
        kind: 'chat',
        schema: chatRequestSchema,
        promptOf: ({ messages }) => messages,
        isEmpty: ({ messages }) => (messages ?? []).length === 0,
        toRequest: toChat,
      }),
  }),
});

/** Ollama's completion of a prompt. */
export const ollamaGenerateRoute = defineRoute({
  path: '/api/generate',
  promise: 'ollama',
  api: 'ollama',
  fieldNames: new Map([...OLLAMA_FIELD_NAMES, ['messages', 'prompt']]),
  isQueued: true,
  describe: () => ({
    post: {
      operationId: 'ollamaGenerate',
      tags: ['Ollama'],
      summary: 'Answer a prompt',
      requestBody: { required: true, ...jsonContent(generateRequestSchema) },
      responses: {
        200: ANSWER(),
        ...rangesOfErrors('ollama'),
      },
    },
  }),
  createHandlers: (dependencies) => ({
    post: (c) =>
      answer(c, dependencies, {
        kind: 'generate',
        schema: generateRequestSchema,
        promptOf: ({ prompt }) => prompt,
        isEmpty: ({ prompt }) => (prompt ?? '') === '',
        toRequest: toGenerate,
      }),
  }),
});

interface AnswerInput {
  readonly model: string;
  readonly stream?: boolean | null | undefined;
  readonly timeout_ms?: number | null | undefined;
}

interface AnswerKind<Input extends AnswerInput> {
  readonly kind: 'chat' | 'generate';
  readonly schema: z.ZodType<Input>;
  readonly promptOf: (input: Input) => unknown;
  /** Nothing is asked: the model is loaded. */
  readonly isEmpty: (input: Input) => boolean;
  readonly toRequest: (input: Input, model: ModelInfo, timeoutMs: number) => GenerationRequest;
}

async function answer<Input extends AnswerInput>(
  c: AppContext,
  dependencies: AppDependencies,
  { kind, schema, promptOf, isEmpty, toRequest }: AnswerKind<Input>,
): Promise<Response> {
  const scope = c.get('scope');
  const input = await readQueuedRequest(c, dependencies, schema, promptOf);
  const isStreamed = input.stream !== false;
  scope.answersWhole = !isStreamed;
  const loadStartMs = scope.elapsedMs;
  const { engine, timeoutMs } = await useRequestedEngine(c, dependencies, input);
  const view = { kind, model: input.model };
  if (isEmpty(input)) return answerJson(c, toLoadedLine(view));
  const loadMs = scope.elapsedMs - loadStartMs;
  const generation = await startGeneration(engine, toRequest(input, engine.model, timeoutMs), callerOf(c));
  const writer = new LineWriter({ ...view, loadMs, elapsedMs: () => scope.elapsedMs });
  return answerGeneration(c, generation, writer, {
    isStreamed,
    pingIntervalMs: dependencies.config.ssePingIntervalMs,
    toFrame: jsonLine,
    form: { isLines: true, ping: jsonLine(toLine(view, { content: '' })) },
  });
}
