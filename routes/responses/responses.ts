import type { StartedAnswer } from '../../src/chat/answer.ts';
import { startAnswer } from '../../src/chat/start-answer.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { toEngineError } from '../../src/errors.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { noOwner } from '../../src/http/visible-owner.ts';
import { callerOf } from '../../src/http/caller.ts';
import { eventFrame, PING } from '../../src/http/sse.ts';
import type { StreamForm } from '../../src/http/stream-events.ts';
import type { AppDependencies } from '../app-dependencies.ts';
import { defineRoute } from '../define-route.ts';
import { COMPLETION_ERRORS, errorResponses, namedEventsResponse, jsonContent } from '../openapi-parts.ts';
import { RESPONSE_FIELD_NAMES, toFollowedConversation } from './response-conversation.ts';
import { readQueuedRequest, useRequestedEngine } from '../shared/queued-request.ts';
import { responseBodySchema } from './schemas/response-body.ts';
import { asksForLogprobs, toEcho, toResponseDemand } from './schemas/response-demand.ts';
import { responseEventSchema } from './schemas/response-events.ts';
import { responseRequestSchema, type ResponseInput } from './schemas/response-request.ts';
import { ResponseWriter } from './schemas/response-writer.ts';
import { toTurn } from './schemas/turn.ts';
import { withFieldNames } from '../shared/with-field-names.ts';
import { writeAnswer } from '../shared/write-answer.ts';

/** OpenAI's Responses API, by the model's own chat template. */
export const responseRoute = defineRoute({
  path: '/v1/responses',
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
  createHandlers: (dependencies) => ({ post: (c) => createResponse(c, dependencies) }),
});

async function createResponse(c: AppContext, dependencies: AppDependencies): Promise<Response> {
  const { scope } = c.var;
  const { config, responses } = dependencies;
  const body = await readQueuedRequest(c, dependencies, responseRequestSchema, ({ input }) => input);
  const input = c.var.scope.hasOwner ? body : notStored(body);
  const { before, own, conversation } = toFollowedConversation(c, responses, input, config.bodyLimitBytes);
  const { engine, timeoutMs } = await useRequestedEngine(c, dependencies, input);
  const demand = toResponseDemand(input, conversation, engine.model, timeoutMs);
  const answer = await withFieldNames(RESPONSE_FIELD_NAMES, startAnswer(engine, demand, callerOf(c)));
  scope.attachCompletion(answer.completion);
  const writer = writerOf(c, engine, input, answer);
  const endRun = responses.run(scope.ownerId, scope.id, {
    snapshot: () => writer.body,
    cancel: () => answer.completion.cancel('delete'),
  });
  scope.releaseAtEnd(endRun);
  const keep = (): void => {
    endRun();
    if (input.store !== false) responses.keep(scope.ownerId, scope.id, writer.body, toTurn(before, own));
  };
  return writeAnswer(c, answer, writer, {
    isStreamed: input.stream === true,
    pingIntervalMs: config.ssePingIntervalMs,
    form: streamFormOf(answer, writer, keep),
    onClosed: keep,
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
  { prompt }: StartedAnswer,
): ResponseWriter {
  return new ResponseWriter({
    requestId: c.var.scope.id,
    echo: toEcho(input, model.id),
    prompt,
    tokenizer,
    withLogprobs: asksForLogprobs(input),
    now: () => Math.floor(Date.now() / 1000),
  });
}

/** OpenAI sends no `[DONE]` here. A response that failed is one of its states; `error` is for defects of ours. */
const streamFormOf = (
  { completion }: StartedAnswer,
  writer: ResponseWriter,
  onFailed: () => void,
): StreamForm => ({
  ping: PING,
  end: '',
  toErrorFrames: (thrown) => {
    const error = toEngineError(thrown);
    if (error.code === 'internal') return writer.abandon(error).map(eventFrame).join('');
    const events = writer.fail(error, completion.record());
    onFailed();
    return events.map(eventFrame).join('');
  },
});
