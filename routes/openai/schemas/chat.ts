import * as z from 'zod';
import type { ModelInfo } from '../../../src/engine/engine.ts';
import { EngineError } from '../../../src/errors.ts';
import type { GenerationRequest } from '../../../src/generation/generation-request.ts';
import { MAX_LOGPROBS } from '../../../src/sampling/sampling-params.ts';
import { fittingCountSchema } from '../../shared/schemas/bounds.ts';
import { toConversation } from '../../shared/schemas/conversation.ts';
import { tokenLogprobSchema } from '../../shared/schemas/token-logprob.ts';
import { messagesSchema, toChatMessages } from './chat-messages.ts';
import { reasoningFields, toReasoning } from './chat-reasoning.ts';
import { toolFields, toToolFields } from './chat-tools.ts';
import {
  anyChoiceFields,
  bodyFields,
  chunkUsageSchema,
  completionFieldsSchema,
  usageSchema,
} from './completions.ts';
import {
  FITTING_RULE,
  NEW_MESSAGE_RULE,
  NO_NEW_MESSAGE_RULE,
  STREAM_OPTIONS_RULE,
  TOP_LOGPROBS_RULE,
  withRules,
} from './field-rules.ts';
import { maxTokensOf, toGeneration } from './generation.ts';
import { otherChatFields } from './other-fields.ts';

/** Where neither the client nor the model's files say how long an answer may be. */
export const DEFAULT_MAX_ANSWER_TOKENS = 1024;

const maxTokens = fittingCountSchema.nullish();

const chatFieldsSchema = completionFieldsSchema
  .omit({ prompt: true, max_tokens: true, logprobs: true, prompt_embeds: true })
  .extend({
    messages: messagesSchema,
    max_completion_tokens: maxTokens.meta({
      description:
        "By default `max_new_tokens` of the model's generation_config.json, else " +
        `${DEFAULT_MAX_ANSWER_TOKENS}; less where the context has no room for them. -1: as many as it has room for.`,
    }),
    max_tokens: maxTokens.meta({ description: 'The older name of `max_completion_tokens`.' }),
    logprobs: z.boolean().nullish().meta({ default: false }),
    top_logprobs: z.int().min(0).max(MAX_LOGPROBS).nullish().meta({
      default: 0,
      description: 'Alternatives for each token; only with `logprobs`.',
    }),
    continue_final_message: z
      .boolean()
      .nullish()
      .meta({
        default: false,
        description:
          "As vLLM's: the last message is the assistant's, and the answer goes on with it. The answer has what is new " +
          'alone, and a format holds for that alone.',
      }),
    add_generation_prompt: z
      .boolean()
      .nullish()
      .meta({ description: 'False with `continue_final_message`, and else true; it says nothing more.' }),
    ...toolFields,
    ...reasoningFields,
    ...otherChatFields,
  });

export const chatRequestSchema = withRules(chatFieldsSchema, 'ChatCompletionRequest', [
  STREAM_OPTIONS_RULE,
  TOP_LOGPROBS_RULE,
  FITTING_RULE,
  NO_NEW_MESSAGE_RULE,
  NEW_MESSAGE_RULE,
]);

export type ChatInput = z.output<typeof chatRequestSchema>;

const chatLogprobsSchema = z
  .object({
    content: z.array(tokenLogprobSchema),
    refusal: z.null(),
  })
  .meta({ id: 'ChatLogprobs' });

const choiceFields = { ...anyChoiceFields, logprobs: chatLogprobsSchema.nullable() };

const chatFinishReasonSchema = z
  .enum(['stop', 'length', 'abort', 'tool_calls', 'function_call'])
  .meta({ description: '`abort`: cancelled by DELETE /v1/requests/{id} or by shutdown.' });

const reasoningSchema = z
  .string()
  .optional()
  .meta({ description: 'What the model wrote for itself before it answered.' });

const functionCallSchema = z.object({
  name: z.string(),
  arguments: z.string().meta({ description: 'The text of a JSON object.' }),
});

const toolCallSchema = z
  .object({ id: z.string(), type: z.literal('function'), function: functionCallSchema })
  .meta({ id: 'ToolCall' });

const messageSchema = z.object({
  role: z.literal('assistant'),
  content: z.string().nullable().meta({ description: 'Null where the model only called tools.' }),
  reasoning_content: reasoningSchema,
  refusal: z.null(),
  tool_calls: z.array(toolCallSchema).optional(),
  function_call: functionCallSchema.optional().meta({ description: 'Of a request with `functions`.' }),
});

export const chatResponseSchema = z
  .object({
    ...bodyFields,
    object: z.literal('chat.completion'),
    choices: z.array(
      z.object({
        ...choiceFields,
        message: messageSchema,
        finish_reason: chatFinishReasonSchema,
      }),
    ),
    usage: usageSchema,
  })
  .meta({ id: 'ChatCompletion' });

export type ChatBody = z.output<typeof chatResponseSchema>;

const deltaSchema = z
  .object({
    role: z.literal('assistant').optional(),
    content: z.string().optional(),
    reasoning_content: reasoningSchema,
    tool_calls: z
      .array(
        z.object({
          index: z.int(),
          id: z.string().optional(),
          type: z.literal('function').optional(),
          function: functionCallSchema.partial({ name: true }),
        }),
      )
      .optional()
      .meta({ description: 'Id, type and name in the first chunk of a call; then arguments alone.' }),
    function_call: functionCallSchema.partial({ name: true }).optional(),
  })
  .meta({ description: '`role` in the first chunk of a choice, nothing in its last.' });

/** What each `data:` line of a stream holds, apart from `[DONE]` and an error. */
export const chatChunkSchema = z
  .object({
    ...bodyFields,
    object: z.literal('chat.completion.chunk'),
    choices: z.array(
      z.object({
        ...choiceFields,
        delta: deltaSchema,
        finish_reason: chatFinishReasonSchema.nullable(),
      }),
    ),
    usage: chunkUsageSchema,
  })
  .meta({ id: 'ChatCompletionChunk' });

export type ChatChunk = z.output<typeof chatChunkSchema>;
export type ChatLogprobs = z.output<typeof chatLogprobsSchema>;

/** @throws EngineError `invalid_request` where fields contradict each other or the model */
export function toChat(input: ChatInput, model: ModelInfo, timeoutMs: number): GenerationRequest {
  checkNames(input);
  const asked = input.max_completion_tokens ?? input.max_tokens ?? undefined;
  const own = {
    numLogprobs: input.logprobs === true ? (input.top_logprobs ?? 0) : undefined,
    ...maxTokensOf(asked, defaultMaxTokens(model), model),
  };
  const conversation = toConversation({
    messages: toChatMessages(input.messages),
    continuesFinal: input.continue_final_message === true,
    ...toToolFields(input),
    ...toReasoning(input),
  });
  return toGeneration(input, conversation, own, model, timeoutMs);
}

const defaultMaxTokens = ({ contextLength, generationDefaults }: ModelInfo): number =>
  Math.min(generationDefaults?.maxTokens ?? DEFAULT_MAX_ANSWER_TOKENS, contextLength);

function checkNames(input: ChatInput): void {
  const { max_completion_tokens: newer, max_tokens: older } = input;
  if (typeof newer === 'number' && typeof older === 'number' && newer !== older) {
    const names = 'max_completion_tokens and max_tokens are two names of one thing';
    throw refuse('max_tokens', `${names}: send one of them, not ${newer} and ${older}`);
  }
}

const refuse = (param: string, message: string): EngineError =>
  new EngineError('invalid_request', message, { param });
