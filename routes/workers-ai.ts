import { z } from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import type { Completion, FinishReason } from '../src/engine/engine.ts';
import type { AppContext } from '../src/http/app-env.ts';
import { callerOf } from '../src/http/caller.ts';
import { onClientGone, streamEvents } from '../src/http/stream-events.ts';
import { readJsonBody } from '../src/http/json-body.ts';
import { dataFrame } from '../src/http/sse.ts';
import { startChat } from '../src/engine/client/start-chat.ts';
import { startCompletion } from '../src/engine/client/start-completion.ts';
import { useEngine } from '../src/http/use-engine.ts';
import type { AppDependencies } from './app-dependencies.ts';
import { defineRoute } from './define-route.ts';
import {
  COMPLETION_ERRORS,
  errorResponses,
  jsonContent,
  modelParam,
  streamableResponse,
} from './openapi-parts.ts';
import { workersAiErrorSchema } from './schemas/errors.ts';
import { parseInput } from './schemas/parse-input.ts';
import {
  toWorkersAiBody,
  toWorkersAiChunk,
  toWorkersAiDemand,
  toWorkersAiLastChunk,
  workersAiChunkSchema,
  workersAiRequestSchema,
  workersAiResponseSchema,
} from './schemas/workers-ai.ts';

/** The operation that both paths have in common. */
const runOperation: () => Omit<ZodOpenApiOperationObject, 'requestParams' | 'operationId'> = () => ({
  tags: ['Workers AI'],
  summary: 'Generate text',
  requestBody: { required: true, ...jsonContent(workersAiRequestSchema) },
  responses: {
    200: streamableResponse(
      'The text and its usage.',
      workersAiResponseSchema,
      z.union([workersAiChunkSchema, workersAiErrorSchema]),
    ),
    ...errorResponses(COMPLETION_ERRORS, 'workers-ai'),
  },
});

/** Text generation as Cloudflare Workers AI has it. A model id may hold slashes. */
export const workersAiRoute = defineRoute({
  path: '/ai/run/:model{.+}',
  describe: () => ({
    post: { operationId: 'runModel', requestParams: { path: modelParam }, ...runOperation() },
  }),
  createHandlers: (dependencies) => ({ post: (c) => runModel(c, dependencies) }),
});

/** The same under Cloudflare's long path; its account id is ignored. */
export const workersAiAccountRoute = defineRoute({
  path: '/client/v4/accounts/:account_id/ai/run/:model{.+}',
  describe: () => ({
    post: {
      operationId: 'runModelOfAccount',
      requestParams: { path: z.object({ account_id: z.string(), ...modelParam.shape }) },
      ...runOperation(),
    },
  }),
  createHandlers: (dependencies) => ({ post: (c) => runModel(c, dependencies) }),
});

async function runModel(c: AppContext, { models, config }: AppDependencies): Promise<Response> {
  const { scope } = c.var;
  models.checkRoom(scope.clientId);
  const input = parseInput(workersAiRequestSchema, await readJsonBody(c, config.bodyLimitBytes));
  if (config.logPrompts) scope.prompt = input.prompt ?? input.messages;
  const { engine, timeoutMs } = await useEngine(c, models, c.req.param('model'), config.requestTimeoutMs);
  const hasChatTemplate =
    engine.tokenizer.chatTemplate !== undefined && engine.tokenizer.chatTemplate.origin !== 'builtin';
  const demand = toWorkersAiDemand(input, timeoutMs, hasChatTemplate);
  const { completion } =
    'messages' in demand
      ? await startChat(engine, demand, callerOf(c))
      : await startCompletion(engine, demand, callerOf(c));
  scope.attachCompletion(completion);
  const onDisconnect = (): void => completion.cancel('disconnect');
  if (input.stream === true) {
    const frames = toFrames(completion);
    return streamEvents(c, { frames, pingIntervalMs: config.ssePingIntervalMs, onDisconnect });
  }
  onClientGone(c, onDisconnect);
  let response = '';
  for await (const event of completion) if (event.type === 'delta') response += event.text;
  return c.json(toWorkersAiBody(response, finishReasonOf(completion), completion.record().usage));
}

const finishReasonOf = (completion: Completion): FinishReason =>
  completion.record().finishReasons[0] ?? 'abort';

async function* toFrames(completion: Completion): AsyncGenerator<string> {
  for await (const event of completion) {
    if (event.type === 'delta' && event.text !== '') yield dataFrame(toWorkersAiChunk(event.text));
  }
  yield dataFrame(toWorkersAiLastChunk(finishReasonOf(completion), completion.record().usage));
}
