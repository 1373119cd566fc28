import * as z from 'zod';
import { EngineError, invalidField } from '../../../src/errors.ts';
import { generationRequest, type GenerationRequest } from '../../../src/generation/generation-request.ts';
import { toConversation, type ConversationFields } from '../../shared/schemas/conversation.ts';
import {
  boundedRecord,
  countSchema,
  MAX_TEMPLATE_ARGUMENTS,
  MAX_TEXT_LENGTH,
  nameSchema,
} from '../../shared/schemas/bounds.ts';
import {
  mostReasoningTokens,
  REASONING_EFFORTS,
  toTemplateArguments,
} from '../../shared/schemas/reasoning-effort.ts';
import { requestOptionsSchema, cacheSaltField } from '../../shared/schemas/common-fields.ts';
import { outputFormatFields, toOutputFormat } from './workers-ai-format.ts';
import { toWorkersAiMessages, workersAiMessagesSchema } from './workers-ai-messages.ts';
import {
  toDefinition,
  toToolChoice,
  workersAiToolChoiceSchema,
  workersAiToolsSchema,
} from './workers-ai-tools.ts';

const DEFAULT_MAX_TOKENS = 256;
const DEFAULT_TEMPERATURE = 0.6;
const MAX_STOP_STRINGS = 4;
const MAX_STOP_LENGTH = 1024;

/** Fields of Cloudflare's schema that this service has no answer to: named in the refusal. */
const UNSUPPORTED = {
  functions: 'functions are not supported; send tools',
  lora: 'adapters are not supported by this model',
  image: 'no model here reads images; leave it out',
} as const;

const unsupported = z.unknown().optional().meta({ description: 'Not supported; refused when it is set.' });
const stopString = z.string().min(1).max(MAX_STOP_LENGTH);

/** Cloudflare's text generation by `prompt` or `messages`, with its defaults. */
export const workersAiRequestSchema = z
  .strictObject({
    prompt: z
      .string()
      .min(1)
      .max(MAX_TEXT_LENGTH)
      .optional()
      .meta({ description: 'Exactly one of `prompt` and `messages`.' }),
    messages: workersAiMessagesSchema.optional(),
    raw: z.boolean().nullish().meta({
      default: false,
      description:
        'Take `prompt` as it is; else it becomes the message of a user, where the model has a chat template.',
    }),
    stream: z.boolean().nullish().meta({ default: false }),
    max_tokens: countSchema.nullish().meta({ default: DEFAULT_MAX_TOKENS }),
    max_completion_tokens: countSchema.nullish().meta({ description: 'Another name of `max_tokens`.' }),
    temperature: z.number().min(0).max(5).nullish().meta({ default: DEFAULT_TEMPERATURE }),
    top_p: z.number().min(0).max(2).nullish().meta({ description: 'From 1 on it is off.' }),
    top_k: countSchema.nullish(),
    seed: z.int().nullish(),
    stop: z
      .union([stopString, z.array(stopString).max(MAX_STOP_STRINGS)], {
        error: `must be a string or up to ${MAX_STOP_STRINGS} strings, each of 1 to ${MAX_STOP_LENGTH} characters`,
      })
      .nullish()
      .meta({ description: 'The text ends before the earliest of them.' }),
    repetition_penalty: z.number().min(0.01).max(2).nullish(),
    frequency_penalty: z.number().min(-2).max(2).nullish(),
    presence_penalty: z.number().min(-2).max(2).nullish(),
    tools: workersAiToolsSchema.nullish(),
    tool_choice: workersAiToolChoiceSchema.nullish().meta({ default: 'auto' }),
    parallel_tool_calls: z.boolean().nullish().meta({ default: true }),
    ...outputFormatFields,
    chat_template_kwargs: boundedRecord(nameSchema, z.unknown(), MAX_TEMPLATE_ARGUMENTS).nullish().meta({
      description:
        "A JSON object of further variables for the model's chat template. Of `enable_thinking` and `reasoning_effort` the first decides.",
    }),
    reasoning_effort: z.enum(REASONING_EFFORTS).exclude(['max']).nullish().meta({
      description:
        '`null` and `none`: the model answers without reasoning first, where its template allows it.',
    }),
    options: requestOptionsSchema,
    cache_salt: cacheSaltField,
    functions: unsupported,
    lora: unsupported,
    image: unsupported,
  })
  .meta({ id: 'WorkersAiRequest' });

export type WorkersAiInput = z.output<typeof workersAiRequestSchema>;

/**
 * The one conversion from Cloudflare's fields to a request of this service: a conversation, or a prompt that is taken as it
 * is.
 *
 * @param hasChatTemplate then a prompt that is not `raw` is a user's message, as Cloudflare has it
 * @param defaultMaxTokens where the client asks for no number
 * @throws EngineError `invalid_request` for a missing prompt or a field that cannot be honoured
 */
export function toTextGeneration(
  input: WorkersAiInput,
  requestTimeoutMs: number,
  hasChatTemplate: boolean,
  defaultMaxTokens = DEFAULT_MAX_TOKENS,
): GenerationRequest {
  checkUnsupported(input);
  const asked = maxTokensOf(input);
  return generationRequest(
    toGenerationInput(input, hasChatTemplate),
    {
      maxTokens: asked ?? defaultMaxTokens,
      stop: typeof input.stop === 'string' ? [input.stop] : (input.stop ?? []),
      sampling: {
        temperature: input.temperature ?? DEFAULT_TEMPERATURE,
        // Cloudflare lets 0 pass, the sampler wants a nucleus of at least one token.
        topP: Math.min(Math.max(input.top_p ?? 1, Number.EPSILON), 1),
        topK: input.top_k ?? 0,
        seed: input.seed ?? undefined,
        frequencyPenalty: input.frequency_penalty ?? 0,
        presencePenalty: input.presence_penalty ?? 0,
        repetitionPenalty: input.repetition_penalty ?? 1,
      },
      cacheSalt: input.cache_salt ?? undefined,
      timeoutMs: requestTimeoutMs,
    },
    {
      asksForMaxTokens: asked !== undefined,
      format: toOutputFormat(input),
      rejectsIfBusy: input.options?.rejectIfBusy ?? false,
    },
  );
}

function maxTokensOf({
  max_tokens: maxTokens,
  max_completion_tokens: newer,
}: WorkersAiInput): number | undefined {
  if (typeof maxTokens === 'number' && typeof newer === 'number' && maxTokens !== newer) {
    throw invalidField('max_completion_tokens', 'is another name of max_tokens; send one of them');
  }
  return maxTokens ?? newer ?? undefined;
}

function toGenerationInput(input: WorkersAiInput, hasChatTemplate: boolean): GenerationRequest['input'] {
  const { prompt, messages, raw } = input;
  if (messages !== undefined) {
    if (prompt !== undefined) throw refuse('messages', 'send prompt or messages, exactly one of them');
    if (raw === true) {
      throw refuse('raw', 'raw leaves the chat template out, so it goes with prompt, not with messages');
    }
    return toConversation({ ...toChatFields(input), messages: toWorkersAiMessages(messages) });
  }
  if (prompt === undefined) throw refuse('prompt', 'prompt is required, or messages in its place');
  if (raw !== true && hasChatTemplate) {
    return toConversation({ ...toChatFields(input), messages: [{ role: 'user', content: prompt }] });
  }
  checkNoTemplateFields(input);
  return { prompts: [prompt], isRendered: false };
}

function checkUnsupported(input: WorkersAiInput): void {
  for (const [field, refusal] of Object.entries(UNSUPPORTED)) {
    const value: unknown = Reflect.get(input, field);
    if (value !== undefined && value !== null) throw refuse(field, `${field}: ${refusal}`);
  }
}

/** What a chat template reads. */
const TEMPLATE_FIELDS = ['tools', 'chat_template_kwargs', 'reasoning_effort'] as const;

function checkNoTemplateFields(input: WorkersAiInput): void {
  for (const field of TEMPLATE_FIELDS) {
    const value = input[field] ?? undefined;
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    throw invalidField(field, 'needs a chat template, and this prompt is taken as it is');
  }
}

function toChatFields(input: WorkersAiInput): Omit<ConversationFields, 'messages'> {
  const { reasoning_effort: effort } = input;
  const given = input.chat_template_kwargs ?? {};
  const asked = effort === undefined ? undefined : (effort ?? 'none') !== 'none';
  const { enable_thinking: thinking } = given;
  return {
    tools: (input.tools ?? []).map(toDefinition),
    toolChoice: toToolChoice(input.tool_choice ?? 'auto'),
    toolNameParam: 'tool_choice.function.name',
    allowsParallelCalls: input.parallel_tool_calls ?? true,
    reasoning: {
      isEnabled: typeof thinking === 'boolean' ? thinking : asked,
      maxTokens: mostReasoningTokens(effort ?? undefined),
    },
    templateArguments: { ...toTemplateArguments(effort), ...given },
  };
}

const refuse = (param: string, message: string): EngineError =>
  new EngineError('invalid_request', message, { param });
