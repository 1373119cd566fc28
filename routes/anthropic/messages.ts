import type { FieldNames } from '../../src/field-names.ts';
import { startGeneration } from '../../src/generation/start-generation.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { callerOf } from '../../src/http/middleware/caller.ts';
import { eventFrame } from '../../src/http/sse/sse.ts';
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
import { messageBodySchema, messageEventSchema, tokenCountSchema } from './schemas/message-body.ts';
import { toMessageGeneration, toMessageConversation, toMessageFormat } from './schemas/message-generation.ts';
import { messageRequestSchema, countTokensRequestSchema } from './schemas/message-request.ts';
import { MessageWriter } from './schemas/message-writer.ts';
import { answerGeneration } from '../shared/answer-generation.ts';
import { readQueuedRequest, useRequestedEngine } from '../shared/queued-request.ts';
import { countPromptTokens } from '../../src/generation/count-prompt-tokens.ts';
import { readJsonBody } from '../../src/http/edge/json-body.ts';
import { useEngine } from '../../src/http/middleware/use-engine.ts';
import { parseInput } from '../shared/schemas/parse-input.ts';

/** Anthropic's API has no field that cuts a prompt. */
const FIELD_NAMES: FieldNames = new Map([['truncate_prompt_tokens', '']]);

/** Anthropic's messages, by the model's own chat template. */
export const messageRoute = defineRoute({
  path: '/v1/messages',
  promise: 'anthropic',
  operation: 'chat',
  api: 'anthropic',
  fieldNames: FIELD_NAMES,
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
  const scope = c.get('scope');
  const input = await readQueuedRequest(c, dependencies, messageRequestSchema, ({ system, messages }) => ({
    system,
    messages,
  }));
  const { engine, timeoutMs } = await useRequestedEngine(c, dependencies, input);
  const request = toMessageGeneration(input, engine.model, timeoutMs);
  const generation = await startGeneration(engine, request, callerOf(c));
  const numPromptTokens = generation.prompts[0]?.tokenIds.length ?? 0;
  const writer = new MessageWriter({
    requestId: scope.id,
    model: engine.model.id,
    numPromptTokens,
    isContextShort: numPromptTokens + input.max_tokens > engine.model.contextLength,
    showsThinking: !hidesThinking(input.thinking),
  });
  return answerGeneration(c, generation, writer, {
    isStreamed: input.stream === true,
    pingIntervalMs: dependencies.config.ssePingIntervalMs,
    toFrame: eventFrame,
    form: STREAM_FORM,
  });
}

const hidesThinking = (thinking: object | null | undefined): boolean =>
  thinking !== undefined && thinking !== null && 'display' in thinking && thinking.display === 'omitted';

/** `message_stop` is the end. */
const STREAM_FORM = { ping: eventFrame({ type: 'ping' }), end: '' };

/** Counts what a message would read. */
export const messageTokensRoute = defineRoute({
  path: '/v1/messages/count_tokens',
  promise: 'anthropic',
  api: 'anthropic',
  describe: () => ({
    post: {
      operationId: 'countMessageTokens',
      tags: ['Anthropic'],
      summary: 'The tokens of the prompt that a message would be made from',
      requestBody: { required: true, ...jsonContent(countTokensRequestSchema) },
      responses: {
        200: jsonResponse('The count.', tokenCountSchema, 'anthropic'),
        ...errorResponses([...BODY_ERRORS, ...LOAD_ERRORS], 'anthropic'),
      },
    },
  }),
  createHandlers: ({ models, config }) => ({
    post: async (c) => {
      const input = parseInput(countTokensRequestSchema, await readJsonBody(c, config.bodyLimitBytes));
      const { engine, timeoutMs } = await useEngine(c, models, input.model, config.requestTimeoutMs);
      const conversation = toMessageConversation(input);
      const options = { hasFormat: toMessageFormat(input) !== undefined, timeoutMs };
      const numTokens = await countPromptTokens(engine, conversation, options, callerOf(c));
      return c.json({ input_tokens: numTokens });
    },
  }),
});
