import { z } from 'zod';
import type { FinishReason, Usage } from '../../src/engine/engine.ts';
import { EngineError } from '../../src/errors.ts';
import type { ChatDemand } from '../../src/engine/client/start-chat.ts';
import type { CompletionDemand } from '../../src/engine/client/start-completion.ts';
import { countSchema, MAX_TEXT_LENGTH } from './bounds.ts';
import { messagesSchema, toChatMessages } from './chat-messages.ts';
import { cacheSaltSchema, usageSchema } from './completions.ts';
import { toFinishReason, toUsageBody } from './completion-chunks.ts';

const DEFAULT_MAX_TOKENS = 256;
const DEFAULT_TEMPERATURE = 0.6;

/** Fields of Cloudflare's schema that this service has no answer to: named in the refusal. */
const UNSUPPORTED = {
  tools: 'tools are not supported by this model',
  functions: 'functions are not supported by this model',
  lora: 'adapters are not supported by this model',
  response_format: 'structured output is not supported by this model',
} as const;

const unsupported = z.unknown().optional().meta({ description: 'Not supported; refused when it is set.' });

/** Cloudflare's text generation by `prompt` or `messages`, with its defaults. */
export const workersAiRequestSchema = z
  .strictObject({
    prompt: z
      .string()
      .min(1)
      .max(MAX_TEXT_LENGTH)
      .optional()
      .meta({ description: 'Exactly one of `prompt` and `messages`.' }),
    messages: messagesSchema.optional(),
    raw: z.boolean().nullish().meta({
      default: false,
      description:
        'Take `prompt` as it is; else it becomes the message of a user, where the model has a chat template.',
    }),
    stream: z.boolean().nullish().meta({ default: false }),
    max_tokens: countSchema.nullish().meta({ default: DEFAULT_MAX_TOKENS }),
    temperature: z.number().min(0).max(5).nullish().meta({ default: DEFAULT_TEMPERATURE }),
    top_p: z.number().min(0).max(2).nullish().meta({ description: 'From 1 on it is off.' }),
    top_k: countSchema.nullish(),
    seed: z.int().nullish(),
    repetition_penalty: z.number().min(0.01).max(2).nullish(),
    frequency_penalty: z.number().min(-2).max(2).nullish(),
    presence_penalty: z.number().min(-2).max(2).nullish(),
    cache_salt: cacheSaltSchema,
    tools: unsupported,
    functions: unsupported,
    lora: unsupported,
    response_format: unsupported,
  })
  .meta({ id: 'WorkersAiRequest' });

export type WorkersAiInput = z.output<typeof workersAiRequestSchema>;

const finishReasonSchema = z.enum(['stop', 'length', 'abort']);

export const workersAiResponseSchema = z
  .object({
    result: z.object({ response: z.string(), finish_reason: finishReasonSchema, usage: usageSchema }),
    success: z.literal(true),
    errors: z.array(z.never()),
    messages: z.array(z.string()),
  })
  .meta({ id: 'WorkersAiResponse' });

/** What each `data:` line of a stream holds, apart from `[DONE]` and an error. */
export const workersAiChunkSchema = z
  .object({
    response: z.string(),
    p: z.string().optional().meta({ description: 'Padding that hides the length of a token.' }),
    finish_reason: finishReasonSchema.optional().meta({ description: 'In the last frame.' }),
    usage: usageSchema.optional().meta({ description: 'In the last frame.' }),
  })
  .meta({ id: 'WorkersAiChunk' });

export type WorkersAiBody = z.output<typeof workersAiResponseSchema>;
export type WorkersAiChunk = z.output<typeof workersAiChunkSchema>;

/**
 * The one conversion from Cloudflare's fields to the engine's: a conversation, or a prompt that is taken as it is.
 *
 * @param hasChatTemplate then a prompt that is not `raw` is a user's message, as Cloudflare has it
 * @throws EngineError `invalid_request` for a missing prompt or a field that cannot be honoured
 */
export function toWorkersAiDemand(
  input: WorkersAiInput,
  requestTimeoutMs: number,
  hasChatTemplate: boolean,
): ChatDemand | CompletionDemand {
  for (const [field, refusal] of Object.entries(UNSUPPORTED)) {
    const value: unknown = Reflect.get(input, field);
    if (value !== undefined && value !== null) throw refuse(field, `${field}: ${refusal}`);
  }
  const { prompt, messages, raw } = input;
  const shared = toSharedDemand(input, requestTimeoutMs);
  if (messages !== undefined) {
    if (prompt !== undefined) {
      throw refuse('messages', 'send prompt or messages, exactly one of them');
    }
    if (raw === true) {
      throw refuse('raw', 'raw leaves the chat template out, so it goes with prompt, not with messages');
    }
    return { ...shared, messages: toChatMessages(messages) };
  }
  if (prompt === undefined) throw refuse('prompt', 'prompt is required, or messages in its place');
  if (raw === true || !hasChatTemplate) return { ...shared, prompts: [prompt] };
  return { ...shared, messages: [{ role: 'user', content: prompt }] };
}

function toSharedDemand(input: WorkersAiInput, requestTimeoutMs: number): Omit<CompletionDemand, 'prompts'> {
  return {
    n: 1,
    maxTokens: input.max_tokens ?? DEFAULT_MAX_TOKENS,
    asksForMaxTokens: typeof input.max_tokens === 'number',
    minTokens: 0,
    ignoreEos: false,
    stop: [],
    sampling: {
      temperature: input.temperature ?? DEFAULT_TEMPERATURE,
      // Cloudflare lets 0 pass, the sampler wants a nucleus of at least one token.
      topP: Math.min(Math.max(input.top_p ?? 1, Number.EPSILON), 1),
      topK: input.top_k ?? 0,
      minP: 0,
      seed: input.seed ?? undefined,
      logitBias: new Map(),
      frequencyPenalty: input.frequency_penalty ?? 0,
      presencePenalty: input.presence_penalty ?? 0,
      repetitionPenalty: input.repetition_penalty ?? 1,
    },
    numLogprobs: undefined,
    promptLogprobs: false,
    cacheSalt: input.cache_salt ?? undefined,
    timeoutMs: requestTimeoutMs,
    truncateTo: undefined,
  };
}

const refuse = (param: string, message: string): EngineError =>
  new EngineError('invalid_request', message, { param });

/** The answer that is not streamed. */
export function toWorkersAiBody(response: string, finishReason: FinishReason, usage: Usage): WorkersAiBody {
  const result = { response, finish_reason: toFinishReason(finishReason), usage: toUsageBody(usage) };
  return { result, success: true, errors: [], messages: [] };
}

/** The last frame, which carries the usage without being asked. */
export function toWorkersAiLastChunk(finishReason: FinishReason, usage: Usage): WorkersAiChunk {
  return { response: '', finish_reason: toFinishReason(finishReason), usage: toUsageBody(usage) };
}

const PADDING = 'abcdefghijklmnopqrstuvwxyz0123456789';
const FRAME_STEP = 32;

/** A frame of text, padded so that its size does not tell which token is in it. */
export function toWorkersAiChunk(response: string): WorkersAiChunk {
  const numBytes = Buffer.byteLength(JSON.stringify(response));
  return { response, p: PADDING.slice(0, FRAME_STEP - (numBytes % FRAME_STEP)) };
}
