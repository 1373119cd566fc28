import * as z from 'zod';
import type { ChatMessage, ModelInfo } from '../../../src/engine/engine.ts';
import type { FieldNames } from '../../../src/field-names.ts';
import {
  generationRequest,
  type GenerationRequest,
  type ReasoningWish,
} from '../../../src/generation/generation-request.ts';
import type { GrammarSpec } from '../../../src/grammar/grammar-spec.ts';
import { toolCallSchema } from '../../openai/schemas/chat-messages.ts';
import { namedTool, toolFields } from '../../openai/schemas/chat-tools.ts';
import { chooseTools } from '../../responses/schemas/response-generation.ts';
import { toolChoiceSchema, type ToolChoiceInput } from '../../responses/schemas/response-request.ts';
import {
  MAX_MESSAGES,
  MAX_TOOL_CALLS,
  nameSchema,
  textSchema,
  totalTimeoutMs,
} from '../../shared/schemas/bounds.ts';
import { ignored, timeoutField } from '../../shared/schemas/common-fields.ts';
import { toConversation, type ConversationFields } from '../../shared/schemas/conversation.ts';
import { jsonSchemaSchema } from '../../shared/schemas/json-object.ts';
import { mostReasoningTokens, toTemplateArguments } from '../../shared/schemas/reasoning-effort.ts';
import { TEXT_ONLY } from '../../shared/schemas/tagged-union.ts';
import { toAssistantMessage, toToolCall } from '../../shared/schemas/template-messages.ts';
import { readToolArguments, toToolDefinition } from '../../shared/schemas/tools.ts';
import { unsupported } from '../../shared/schemas/unsupported-field.ts';
import {
  besideChat,
  type BesideOptions,
  besidePrompt,
  joinOptions,
  optionsSchema,
  toParams,
} from './options.ts';

/** What Ollama's API calls the fields that errors of other parts speak of. It has none that cuts a prompt. */
export const OLLAMA_FIELD_NAMES: FieldNames = new Map([
  ['max_tokens', 'options.num_predict'],
  ['truncate_prompt_tokens', ''],
  ['continue_final_message', 'messages'],
]);

const MODEL = nameSchema
  .min(1)
  .meta({ id: 'OllamaModelName', description: 'Id of the model; `:latest` behind it is left out.' });

/** A value by which a client says that it does not want what the field asks for. One schema serves several fields. */
const NONE = [false, 0];
const NOTHING = ['', []];

const images = unsupported(NOTHING, TEXT_ONLY);

/** Fields of all requests to a model. */
export const modelFields = {
  model: MODEL,
  options: optionsSchema.nullish(),
  keep_alive: ignored,
  timeout_ms: timeoutField,
};

const answerFields = {
  ...modelFields,
  stream: z.boolean().nullish().meta({ default: true }),
  format: z
    .union([z.enum(['json', '']), jsonSchemaSchema], { error: 'must be "json" or a JSON Schema' })
    .nullish()
    .meta({ id: 'OllamaFormat', description: '`json` or a JSON Schema, which the answer keeps to.' }),
  think: z
    .union([z.boolean(), z.enum(['low', 'medium', 'high', 'max'])], {
      error: 'must be true, false, "low", "medium", "high" or "max"',
    })
    .nullish()
    .meta({
      id: 'OllamaThink',
      description: 'Reasoning on or off, or how much; else as the template has it.',
    }),
  truncate: unsupported(NONE, 'a prompt that is longer than the context is refused'),
  shift: unsupported(NONE, 'an answer ends with the context'),
  logprobs: unsupported(NONE, '/v1/chat/completions gives them'),
  top_logprobs: unsupported(NONE, '/v1/chat/completions gives them'),
};

/** Fields that are not named here are ignored: clients send back what they were answered. */
const messageSchema = z
  .object({
    role: z.enum(['system', 'user', 'assistant', 'tool']),
    content: textSchema.nullish(),
    thinking: textSchema.nullish(),
    images,
    tool_calls: z.array(toolCallSchema).max(MAX_TOOL_CALLS).nullish(),
    tool_name: nameSchema.nullish(),
    tool_call_id: nameSchema.nullish(),
  })
  .meta({ id: 'OllamaMessage' });

export const chatRequestSchema = z
  .strictObject({
    ...answerFields,
    ...besideChat,
    messages: z.array(messageSchema).max(MAX_MESSAGES).nullish().meta({
      description: 'None: the model is loaded. One of the assistant at the end is continued.',
    }),
    tools: toolFields.tools,
    tool_choice: z.union([toolChoiceSchema, namedTool]).nullish(),
  })
  .meta({ id: 'OllamaChatRequest' });

export const generateRequestSchema = z
  .strictObject({
    ...answerFields,
    ...besidePrompt,
    prompt: textSchema.nullish().meta({ description: 'None: the model is loaded.' }),
    system: textSchema.nullish(),
    raw: z
      .boolean()
      .nullish()
      .meta({ default: false, description: 'The prompt is not put into a template.' }),
    images,
    suffix: unsupported(NOTHING, 'a completion is not told what follows it'),
    template: unsupported(NOTHING, 'it is a program; the operator sets CHAT_TEMPLATE'),
    context: unsupported(NOTHING, 'send the conversation to /api/chat'),
  })
  .meta({ id: 'OllamaGenerateRequest' });

export type ChatInput = z.output<typeof chatRequestSchema>;
export type GenerateInput = z.output<typeof generateRequestSchema>;
type AnswerInput = z.output<z.ZodObject<typeof answerFields>>;

/** Clients send it in the words of the Responses API, and in those of a chat. */
const toToolChoice = (choice: NonNullable<ChatInput['tool_choice']>): ToolChoiceInput =>
  typeof choice === 'object' && 'function' in choice
    ? { type: 'function', name: choice.function.name }
    : choice;

/** @throws EngineError `invalid_request` where fields contradict each other */
export function toChat(input: ChatInput, model: ModelInfo, timeoutMs: number): GenerationRequest {
  const messages = (input.messages ?? []).map(toMessage);
  const last = messages.at(-1);
  const tools = (input.tools ?? []).map(({ function: given }, index) =>
    toToolDefinition(given, `tools[${index}].function`),
  );
  return toRequest(input, model, timeoutMs, {
    ...chooseTools(tools, toToolChoice(input.tool_choice ?? 'auto')),
    messages,
    // Ollama's templates leave such a message open.
    continuesFinal: last?.role === 'assistant' && last['tool_calls'] === undefined,
  });
}

/** A model without a chat template of its own goes on with the prompt, as with Ollama's default template. */
export function toGenerate(input: GenerateInput, model: ModelInfo, timeoutMs: number): GenerationRequest {
  const prompt = input.prompt ?? '';
  const system = input.system ?? '';
  if (input.raw === true) return toRequest(input, model, timeoutMs, { prompts: [prompt], isRendered: true });
  if (model.chatTemplate !== 'own' && system === '') {
    return toRequest(input, model, timeoutMs, { prompts: [prompt], isRendered: false });
  }
  const messages = [
    ...(system === '' ? [] : [{ role: 'system', content: system }]),
    { role: 'user', content: prompt },
  ];
  return toRequest(input, model, timeoutMs, { messages });
}

function toRequest(
  input: AnswerInput & BesideOptions,
  model: ModelInfo,
  timeoutMs: number,
  source: ConversationFields | { readonly prompts: readonly string[]; readonly isRendered: boolean },
): GenerationRequest {
  const { think } = input;
  const effort = typeof think === 'string' ? think : undefined;
  const reasoning: ReasoningWish = {
    isEnabled: think === undefined || think === null ? undefined : think !== false,
    maxTokens: mostReasoningTokens(effort),
  };
  const isTexts = 'prompts' in source;
  return generationRequest(
    isTexts
      ? source
      : toConversation({ reasoning, templateArguments: toTemplateArguments(effort), ...source }),
    {
      ...toParams(joinOptions(input.options ?? {}, input), model),
      timeoutMs: totalTimeoutMs(input.timeout_ms, timeoutMs),
    },
    { asksForMaxTokens: false, format: toFormat(input.format) },
  );
}

function toFormat(format: AnswerInput['format']): GrammarSpec | undefined {
  if (typeof format === 'object' && format !== null)
    return { type: 'jsonSchema', schema: format, param: 'format' };
  return format === 'json' ? { type: 'jsonObject' } : undefined;
}

/** An object, but for clients that send it as text. */
const readArguments = (args: string | object): string | object =>
  typeof args === 'string' ? readToolArguments(args) : args;

type MessageInput = z.output<typeof messageSchema>;

function toMessage(input: MessageInput, index: number): ChatMessage {
  const { role, thinking, tool_calls: calls } = input;
  const content = input.content ?? '';
  if (role === 'assistant') {
    const toolCalls = (calls ?? []).map(({ id, function: { name, arguments: args } }, callIndex) =>
      toToolCall(id ?? `call_${index}_${callIndex}`, name, readArguments(args ?? {})),
    );
    return toAssistantMessage({ reasoning: thinking ? [thinking] : [], content, toolCalls });
  }
  if (role !== 'tool') return { role, content };
  return {
    role,
    content,
    ...(typeof input.tool_name === 'string' ? { name: input.tool_name } : {}),
    ...(typeof input.tool_call_id === 'string' ? { tool_call_id: input.tool_call_id } : {}),
  };
}
