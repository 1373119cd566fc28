import type { Engine } from '../../src/engine/engine.ts';
import { toEngineError } from '../../src/errors.ts';
import { startGeneration, type Generation } from '../../src/generation/start-generation.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { noOwner } from '../../src/http/middleware/visible-owner.ts';
import { callerOf } from '../../src/http/middleware/caller.ts';
import { eventFrame } from '../../src/http/sse/sse.ts';
import type { StreamForm } from '../../src/http/sse/stream-events.ts';
import type { AppDependencies } from '../app-dependencies.ts';
import { defineRoute } from '../define-route.ts';
import {
  COMPLETION_ERRORS,
  errorResponses,
  namedEventsResponse,
  jsonContent,
  BODY_ERRORS,
  jsonResponse,
  LOAD_ERRORS,
} from '../openapi-parts.ts';
import { toFollowedConversation } from './response-conversation.ts';
import { answerGeneration, type WrapBody } from '../shared/answer-generation.ts';
import { readQueuedRequest, useRequestedEngine } from '../shared/queued-request.ts';
import { responseBodySchema, inputTokensSchema } from './schemas/response-body.ts';
import {
  asksForLogprobs,
  toEcho,
  toResponseGeneration,
  toResponseConversation,
  toResponseFormat,
} from './schemas/response-generation.ts';
import { responseEventSchema } from './schemas/response-events.ts';
import {
  RESPONSE_FIELD_NAMES,
  responseRequestSchema,
  type ResponseInput,
  inputTokensRequestSchema,
} from './schemas/response-request.ts';
import { ResponseWriter } from './schemas/response-writer.ts';
import { toTurn } from './schemas/turn.ts';
import { countPromptTokens } from '../../src/generation/count-prompt-tokens.ts';
import { readJsonBody } from '../../src/http/edge/json-body.ts';
import { useEngine } from '../../src/http/middleware/use-engine.ts';
import { parseInput } from '../shared/schemas/parse-input.ts';

/** OpenAI's Responses API, by the model's own chat template. */
export const responseRoute = defineRoute({
  path: '/v1/responses',
  promise: 'responses',
  operation: 'chat',
  fieldNames: RESPONSE_FIELD_NAMES,
  isQueued: true,
  describe: () => ({
    post: {
      operationId: 'createResponse',
      tags: ['Responses'],
      summary: 'Answer the items of a conversation, or a response that is stored',
      requestBody: { required: true, ...jsonContent(responseRequestSchema) },
      responses: {
        200: namedEventsResponse('The response.', responseBodySchema, responseEventSchema),
        ...errorResponses(COMPLETION_ERRORS),
      },
    },
  }),
  createHandlers: (dependencies) => ({
    post: async (c) => {
      const body = await readQueuedRequest(c, dependencies, responseRequestSchema, ({ input }) => input);
      return answerResponse(c, dependencies, body);
    },
  }),
});

/** A response; also where another API has its shape. */
export async function answerResponse(
  c: AppContext,
  dependencies: AppDependencies,
  body: ResponseInput,
  wrapBody: WrapBody = (written) => written,
): Promise<Response> {
  const scope = c.get('scope');
  const { config, responses } = dependencies;
  const input = scope.hasOwner ? body : notStored(body);
  const { before, own, followed } = toFollowedConversation(c, responses, input, config.bodyLimitBytes);
  const { engine, timeoutMs } = await useRequestedEngine(c, dependencies, input);
  const request = toResponseGeneration(input, followed, engine.model, timeoutMs);
  const generation = await startGeneration(engine, request, callerOf(c));
  const { completion } = generation;
  const writer = writerOf(c, engine, input, generation);
  const endRun = responses.run(scope.ownerId, scope.id, {
    snapshot: () => writer.body,
    cancel: () => completion.cancel('delete'),
  });
  scope.releaseAtEnd(endRun);
  const keep = (): void => {
    endRun();
    if (input.store !== false) responses.keep(scope.ownerId, scope.id, writer.body, toTurn(before, own));
  };
  return answerGeneration(c, generation, writer, {
    isStreamed: input.stream === true,
    pingIntervalMs: config.ssePingIntervalMs,
    toFrame: eventFrame,
    form: streamFormOf(generation, writer, keep),
    onClosed: keep,
    wrapBody,
  });
}

/** @throws EngineError `invalid_request` where it is asked to be stored by name; by default it is stored where it can be */
function notStored(body: ResponseInput): ResponseInput {
  if (body.store === true) throw noOwner('store');
  return { ...body, store: false };
}

function writerOf(
  c: AppContext,
  { model, tokenizer }: Engine,
  input: ResponseInput,
  { prompts: [prompt] }: Generation,
): ResponseWriter {
  return new ResponseWriter({
    requestId: c.get('scope').id,
    echo: toEcho(input, model),
    prompt,
    tokenizer,
    withLogprobs: asksForLogprobs(input),
    now: () => Math.floor(Date.now() / 1000),
  });
}

/** OpenAI sends no `[DONE]` here. A response that failed is one of its states; `error` is for defects of ours. */
const streamFormOf = (
  { completion }: Generation,
  writer: ResponseWriter,
  onFailed: () => void,
): Partial<StreamForm> => ({
  end: '',
  toErrorFrames: (thrown) => {
    const error = toEngineError(thrown);
    if (error.code === 'internal') return writer.abandon(error).map(eventFrame).join('');
    const events = writer.fail(error, completion.record());
    onFailed();
    return events.map(eventFrame).join('');
  },
});

/** Counts what a response would read. */
export const responseInputTokensRoute = defineRoute({
  path: '/v1/responses/input_tokens',
  promise: 'responses',
  fieldNames: RESPONSE_FIELD_NAMES,
  describe: () => ({
    post: {
      operationId: 'countResponseInputTokens',
      tags: ['Responses'],
      summary: 'The tokens of the prompt that a response would be made from',
      requestBody: { required: true, ...jsonContent(inputTokensRequestSchema) },
      responses: {
        200: jsonResponse('The count.', inputTokensSchema),
        ...errorResponses([...BODY_ERRORS, ...LOAD_ERRORS]),
      },
    },
  }),
  createHandlers: ({ models, config, responses }) => ({
    post: async (c) => {
      const input = parseInput(inputTokensRequestSchema, await readJsonBody(c, config.bodyLimitBytes));
      const { followed } = toFollowedConversation(c, responses, input, config.bodyLimitBytes);
      const { engine, timeoutMs } = await useEngine(c, models, input.model, config.requestTimeoutMs);
      const conversation = toResponseConversation(input, followed);
      const options = { hasFormat: toResponseFormat(input) !== undefined, timeoutMs };
      const numTokens = await countPromptTokens(engine, conversation, options, callerOf(c));
      return c.json({ object: 'response.input_tokens', input_tokens: numTokens });
    },
  }),
});
