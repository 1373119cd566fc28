import { z } from 'zod';
import type { ModelInfo } from '../../src/engine/engine.ts';
import { EngineError } from '../../src/errors.ts';
import type { ChatDemand } from '../../src/engine/client/start-chat.ts';
import { MAX_LOGPROBS } from '../../src/sampling/sampling-params.ts';
import { countSchema } from './bounds.ts';
import { messagesSchema, toChatMessages } from './chat-messages.ts';
import { toCompletionDemand } from './completion-demand.ts';
import { completionRequestSchema, finishReasonSchema, usageSchema } from './completions.ts';

const ignored = z.unknown().optional().meta({ description: 'Accepted and ignored.' });
const maxTokens = countSchema.nullish();

/** Fields of OpenAI's API that would change the answer and cannot be honoured: named in the refusal. */
const UNSUPPORTED = {
  tools: 'calling tools is not supported; leave it out',
  functions: 'calling functions is not supported; leave it out',
  function_call: 'calling functions is not supported; leave it out',
  tool_choice: "calling tools is not supported; leave it out, or send 'none' or 'auto'",
  response_format: "structured output is not supported; leave it out, or send {'type': 'text'}",
  modalities: "only text is made; leave it out, or send ['text']",
  audio: 'only text is made; leave it out',
  prediction: 'predicted output is not supported; leave it out',
  reasoning_effort: 'the effort of reasoning cannot be set; leave it out',
  verbosity: 'verbosity cannot be set; leave it out',
  web_search_options: 'searching the web is not supported; leave it out',
} as const;

/** Values by which a client says that it does not want the thing. */
const HARMLESS: ReadonlySet<string> = new Set([
  'null',
  '[]',
  '"none"',
  '"auto"',
  '["text"]',
  '{"type":"text"}',
]);

const unsupported = z.unknown().optional().meta({ description: 'Not supported; refused when it is set.' });

export const chatRequestSchema = completionRequestSchema
  .omit({ prompt: true, max_tokens: true, logprobs: true, echo: true, best_of: true, suffix: true })
  .extend({
    messages: messagesSchema,
    max_completion_tokens: maxTokens.meta({ description: 'By default as many as the context has room for.' }),
    max_tokens: maxTokens.meta({ description: 'The older name of `max_completion_tokens`.' }),
    logprobs: z.boolean().nullish().meta({ default: false }),
    top_logprobs: z.int().min(0).max(MAX_LOGPROBS).nullish().meta({
      default: 0,
      description: 'Alternatives for each token; only with `logprobs`.',
    }),
    tools: unsupported,
    tool_choice: unsupported,
    parallel_tool_calls: ignored,
    functions: unsupported,
    function_call: unsupported,
    response_format: unsupported,
    modalities: unsupported,
    audio: unsupported,
    prediction: unsupported,
    reasoning_effort: unsupported,
    verbosity: unsupported,
    web_search_options: unsupported,
    prompt_cache_retention: ignored,
  })
  .meta({ id: 'ChatCompletionRequest' });

export type ChatInput = z.output<typeof chatRequestSchema>;

const tokenLogprobFields = {
  token: z.string(),
  bytes: z.array(z.int()).meta({ description: 'UTF-8; a character may span tokens.' }),
  logprob: z.number(),
};

const chatLogprobsSchema = z
  .object({
    content: z.array(
      z.object({ ...tokenLogprobFields, top_logprobs: z.array(z.object(tokenLogprobFields)) }),
    ),
    refusal: z.null(),
  })
  .meta({ id: 'ChatLogprobs' });

const choiceFields = {
  index: z.int(),
  logprobs: chatLogprobsSchema.nullable(),
  token_ids: z.array(z.int()).optional(),
  truncated: z.literal(true).optional().meta({ description: 'The prompt was cut, as the request allowed.' }),
  dropped_tokens: z.int().optional().meta({
    description:
      'Tokens cut from the start of the prompt; absent where the start of a long text was not even tokenised.',
  }),
};

const chatFields = { id: z.string(), created: z.int(), model: z.string() };

export const chatResponseSchema = z
  .object({
    ...chatFields,
    object: z.literal('chat.completion'),
    choices: z.array(
      z.object({
        ...choiceFields,
        message: z.object({ role: z.literal('assistant'), content: z.string(), refusal: z.null() }),
        finish_reason: finishReasonSchema,
      }),
    ),
    usage: usageSchema,
  })
  .meta({ id: 'ChatCompletion' });

export type ChatBody = z.output<typeof chatResponseSchema>;

/** What each `data:` line of a stream holds, apart from `[DONE]` and an error. */
export const chatChunkSchema = z
  .object({
    ...chatFields,
    object: z.literal('chat.completion.chunk'),
    choices: z.array(
      z.object({
        ...choiceFields,
        delta: z
          .object({ role: z.literal('assistant').optional(), content: z.string().optional() })
          .meta({ description: '`role` in the first chunk of a choice, nothing in its last.' }),
        finish_reason: finishReasonSchema.nullable(),
      }),
    ),
    usage: usageSchema
      .nullable()
      .optional()
      .meta({ description: 'With `include_usage`: null but in the last chunk, which has no choices.' }),
  })
  .meta({ id: 'ChatCompletionChunk' });

export type ChatChunk = z.output<typeof chatChunkSchema>;
export type ChatLogprobs = z.output<typeof chatLogprobsSchema>;

/**
 * The one conversion from OpenAI's fields to the engine's.
 *
 * @throws EngineError `invalid_request` where fields contradict each other or the model
 */
export function toChatDemand(input: ChatInput, model: ModelInfo, timeoutMs: number): ChatDemand {
  const { messages, max_completion_tokens: maxCompletionTokens, logprobs, top_logprobs: numTop } = input;
  const askedMaxTokens = maxCompletionTokens ?? input.max_tokens ?? undefined;
  checkChatFields(input, askedMaxTokens);
  const shared = toCompletionDemand(
    {
      ...input,
      prompt: [],
      max_tokens: askedMaxTokens ?? model.contextLength,
      logprobs: logprobs === true ? (numTop ?? 0) : null,
    },
    model,
    timeoutMs,
  );
  return {
    ...shared,
    asksForMaxTokens: askedMaxTokens !== undefined,
    messages: toChatMessages(messages),
  };
}

function checkChatFields(input: ChatInput, maxTokens: number | undefined): void {
  for (const [field, refusal] of Object.entries(UNSUPPORTED)) {
    const value: unknown = Reflect.get(input, field);
    if (value !== undefined && !HARMLESS.has(JSON.stringify(value))) {
      throw refuse(field, `${field}: ${refusal}`);
    }
  }
  const { max_completion_tokens: newer, max_tokens: older } = input;
  if (typeof newer === 'number' && typeof older === 'number' && newer !== older) {
    const names = 'max_completion_tokens and max_tokens are two names of one thing';
    throw refuse('max_tokens', `${names}: send one of them, not ${newer} and ${older}`);
  }
  if (typeof input.top_logprobs === 'number' && input.logprobs !== true) {
    throw refuse('top_logprobs', 'top_logprobs is allowed only with logprobs: true');
  }
  if (input.truncate_prompt_tokens === -1 && maxTokens === undefined) {
    const field = 'truncate_prompt_tokens';
    throw refuse(field, `${field} -1 needs max_completion_tokens: else nobody knows how many fit`);
  }
}

const refuse = (param: string, message: string): EngineError =>
  new EngineError('invalid_request', message, { param });
