import { startAnswer } from '../../src/chat/start-answer.ts';
import { toEngineError } from '../../src/errors.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { callerOf } from '../../src/http/caller.ts';
import { toErrorBody } from '../../src/http/error-response.ts';
import { errorFrame, eventFrame } from '../../src/http/sse.ts';
import type { StreamForm } from '../../src/http/stream-events.ts';
import type { AppDependencies } from '../app-dependencies.ts';
import { defineRoute } from '../define-route.ts';
import { COMPLETION_ERRORS, errorResponses, namedEventsResponse, jsonContent } from '../openapi-parts.ts';
import { messageBodySchema, messageEventSchema } from './schemas/message-body.ts';
import { toMessageDemand } from './schemas/message-demand.ts';
import { messageRequestSchema } from './schemas/message-request.ts';
import { MessageWriter } from './schemas/message-writer.ts';
import { readQueuedRequest, useRequestedEngine } from '../shared/queued-request.ts';
import { withFieldNames } from '../shared/with-field-names.ts';
import { writeAnswer } from '../shared/write-answer.ts';

/** Anthropic's API has no field that cuts a prompt. */
const FIELD_NAMES: ReadonlyMap<string, string> = new Map([['set truncate_prompt_tokens', 'send less']]);

/** Anthropic's messages, by the model's own chat template. */
export const messageRoute = defineRoute({
  path: '/v1/messages',
  isQueued: true,
  describe: () => ({
    post: {
      operationId: 'createMessage',
      tags: ['Anthropic'],
      summary: "Answer in a conversation, written by the model's own chat template",
      requestBody: { required: true, ...jsonContent(messageRequestSchema) },
      responses: {
        200: namedEventsResponse('The message.', messageBodySchema, messageEventSchema, 'anthropic'),
        ...errorResponses(COMPLETION_ERRORS, 'anthropic'),
      },
    },
  }),
  createHandlers: (dependencies) => ({ post: (c) => createMessage(c, dependencies) }),
});

async function createMessage(c: AppContext, dependencies: AppDependencies): Promise<Response> {
  const { scope } = c.var;
  const input = await readQueuedRequest(c, dependencies, messageRequestSchema, ({ system, messages }) => ({
    system,
    messages,
  }));
  const { engine, timeoutMs } = await useRequestedEngine(c, dependencies, input);
  const demand = toMessageDemand(input, engine.model, timeoutMs);
  const answer = await withFieldNames(FIELD_NAMES, startAnswer(engine, demand, callerOf(c)));
  scope.attachCompletion(answer.completion);
  const writer = new MessageWriter({
    requestId: scope.id,
    model: engine.model.id,
    numPromptTokens: answer.prompt.tokenIds.length,
    maxTokens: input.max_tokens,
    showsThinking: !hidesThinking(input.thinking),
  });
  return writeAnswer(c, answer, writer, {
    isStreamed: input.stream === true,
    pingIntervalMs: dependencies.config.ssePingIntervalMs,
    form: STREAM_FORM,
  });
}

const hidesThinking = (thinking: object | undefined): boolean =>
  thinking !== undefined && 'display' in thinking && thinking.display === 'omitted';

/** `message_stop` is the end. */
const STREAM_FORM: StreamForm = {
  ping: eventFrame({ type: 'ping' }),
  end: '',
  toErrorFrames: (error, requestId) => errorFrame(toErrorBody(toEngineError(error), 'anthropic', requestId)),
};
