import * as z from 'zod';
import { clip, isRecord } from '../../../src/values.ts';
import { invalidField } from '../../../src/errors.ts';
import type { ChatMessage, ChatTextPart } from '../../../src/chat-template/renderer.ts';
import {
  MAX_MESSAGES,
  MAX_PARTS,
  MAX_TEXT_LENGTH,
  MAX_TOOL_CALLS,
  nameSchema,
  textSchema,
} from '../../shared/schemas/bounds.ts';
import { readToolArguments } from '../../shared/schemas/tools.ts';

interface ContentFault {
  path: (string | number)[];
  message: string;
}

/** A part of a content, in OpenAPI. */
const partOf = (type: string) => ({
  type: 'object' as const,
  properties: { type: { const: type }, [type]: { type: 'string' as const, maxLength: MAX_TEXT_LENGTH } },
  required: ['type', type],
});

/**
 * A message's content: text, or a list of text parts. Written by hand, since a union would not say which part is at
 * fault. Parts stay parts: a template may write them differently.
 */
const contentSchema = z
  .unknown()
  .transform((value, context): string | ChatTextPart[] | null => {
    const content = readContent(value);
    if (content === null || typeof content === 'string' || Array.isArray(content)) return content;
    context.issues.push({ code: 'custom', input: undefined, ...content });
    return z.NEVER;
  })
  .optional()
  .meta({
    id: 'ChatContent',
    description: 'Text, or a list of text parts. An assistant may have said nothing.',
    override: {
      anyOf: [
        { type: 'string', maxLength: MAX_TEXT_LENGTH },
        {
          type: 'array',
          minItems: 1,
          maxItems: MAX_PARTS,
          items: { anyOf: [partOf('text'), partOf('refusal')] },
        },
        { type: 'null' },
      ],
    },
  });

const argumentsSchema = z
  .custom<string | Readonly<Record<string, unknown>>>(
    (value) => isRecord(value) || textSchema.safeParse(value).success,
    `must be the text of a JSON object, of at most ${MAX_TEXT_LENGTH} characters`,
  )
  .meta({
    description: 'The text of a JSON object, or the object itself. A template gets what is neither as it is.',
    override: {
      anyOf: [
        { type: 'string', maxLength: MAX_TEXT_LENGTH },
        { type: 'object', description: 'A JSON object.' },
      ],
    },
  });

const functionCallSchema = z
  .object({ name: nameSchema, arguments: argumentsSchema.nullish() })
  .meta({ id: 'ChatFunctionCall' });

export const toolCallSchema = z
  .object({ id: nameSchema.nullish(), type: z.literal('function').nullish(), function: functionCallSchema })
  .meta({ id: 'ChatToolCall' });

/** Fields that are not named here are ignored: clients send back what they were answered, with fields of their own. */
const chatMessageSchema = z
  .object({
    role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']).meta({
      id: 'ChatRole',
      description:
        "The model's chat template decides which roles it accepts, and in which order; `function` is the older `tool`.",
    }),
    content: contentSchema,
    name: nameSchema.nullish(),
    tool_calls: z.array(toolCallSchema).max(MAX_TOOL_CALLS).nullish(),
    tool_call_id: nameSchema.nullish(),
    function_call: functionCallSchema.nullish().meta({ description: 'The older form of one tool call.' }),
    reasoning_content: textSchema.nullish(),
    reasoning: textSchema.nullish().meta({ description: 'Another name of `reasoning_content`.' }),
    refusal: textSchema
      .nullish()
      .meta({ description: 'Takes the place of `content` where that is missing.' }),
  })
  .meta({ id: 'ChatMessage' });

export const messagesSchema = z.array(chatMessageSchema).min(1).max(MAX_MESSAGES);

type ChatMessageInput = z.output<typeof chatMessageSchema>;
type FunctionCallInput = z.output<typeof functionCallSchema>;

/**
 * Messages as a template reads them: what is null is left out, as transformers does, and the older form of a tool call
 * becomes the newer.
 *
 * @throws EngineError `invalid_request` for a message without content that is no assistant's
 */
export function toChatMessages(inputs: readonly ChatMessageInput[]): ChatMessage[] {
  let numFunctionCalls = 0;
  return inputs.map((input, index) => {
    if (input.function_call) numFunctionCalls++;
    return toChatMessage(input, `messages[${index}]`, `call_${numFunctionCalls}`);
  });
}

/** @param functionCallId of the last call in the older form: its result has no id to name it by */
function toChatMessage(input: ChatMessageInput, path: string, functionCallId: string): ChatMessage {
  const { role, function_call: functionCall } = input;
  const content = input.content ?? input.refusal ?? undefined;
  const toolCalls = [
    ...(input.tool_calls ?? []),
    ...(functionCall ? [{ id: functionCallId, function: functionCall }] : []),
  ];
  if (content === undefined && role !== 'assistant') throw invalidField(`${path}.content`, 'is required');
  const isFunction = role === 'function';
  return {
    role: isFunction ? 'tool' : role,
    ...withoutAbsent({
      // An assistant may have said nothing; a template joins it to other text.
      content: content ?? (toolCalls.length === 0 ? '' : undefined),
      name: input.name,
      tool_call_id: input.tool_call_id ?? (isFunction ? functionCallId : undefined),
      reasoning_content: input.reasoning_content ?? input.reasoning,
      tool_calls: toolCalls.length === 0 ? undefined : toolCalls.map(toToolCall),
    }),
  };
}

function toToolCall({
  id,
  function: call,
}: {
  id?: string | null | undefined;
  function: FunctionCallInput;
}): object {
  const { name, arguments: given } = call;
  const asObject = { type: 'function', function: { name, arguments: readArguments(given ?? '') } };
  return typeof id === 'string' ? { id, ...asObject } : asObject;
}

const withoutAbsent = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));

function readArguments(given: FunctionCallInput['arguments'] & {}): object | string {
  if (typeof given !== 'string') return given;
  return given.trim() === '' ? {} : readToolArguments(given);
}

function readContent(value: unknown): string | ChatTextPart[] | null | ContentFault {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return isText(value) ? value : { path: [], message: TOO_LONG };
  if (!Array.isArray(value)) return { path: [], message: 'must be a string or a list of text parts' };
  const list: unknown[] = value;
  if (list.length === 0) return { path: [], message: 'is an empty list; it needs at least one part' };
  if (list.length > MAX_PARTS) {
    return { path: [], message: `must have at most ${MAX_PARTS} parts, not ${list.length}` };
  }
  const parts: ChatTextPart[] = [];
  for (const [index, entry] of list.entries()) {
    const part = readPart(entry, index);
    if ('path' in part) return part;
    parts.push(part);
  }
  return parts;
}

const TOO_LONG = `must have at most ${MAX_TEXT_LENGTH} characters`;
const isText = ({ length }: string): boolean => length <= MAX_TEXT_LENGTH;

/** Further fields of a part, such as `cache_control`, are ignored. */
function readPart(entry: unknown, index: number): ChatTextPart | ContentFault {
  if (!isRecord(entry)) {
    return { path: [index], message: 'must be a text part: {"type": "text", "text": …}' };
  }
  const { type } = entry;
  if (type !== 'text' && type !== 'refusal') {
    const other = typeof type === 'string' ? `, not ${JSON.stringify(clip(type))}` : '';
    return { path: [index, 'type'], message: `must be "text"${other}: this service reads text only` };
  }
  const text = entry[type];
  if (typeof text !== 'string') return { path: [index, type], message: 'must be a string' };
  if (!isText(text)) return { path: [index, type], message: TOO_LONG };
  return { type: 'text', text };
}
