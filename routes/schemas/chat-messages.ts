import { z } from 'zod';
import { clip } from '../../src/clip.ts';
import { invalidField } from '../../src/errors.ts';
import { MAX_JSON_LEVELS, nestsDeeperThan } from '../../src/http/json-nesting.ts';
import type { ChatMessage, ChatTextPart } from '../../src/tokenizer/chat-template-renderer.ts';
import { MAX_TEXT_LENGTH, nameSchema, textSchema } from './bounds.ts';

const MAX_MESSAGES = 4096;
const MAX_PARTS = 1024;
/** OpenAI's. */
const MAX_TOOL_CALLS = 128;

interface ContentFault {
  path: (string | number)[];
  message: string;
}

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
    description: 'Text, or a list of text parts; may be left out beside `tool_calls`.',
    override: {
      anyOf: [
        { type: 'string', maxLength: MAX_TEXT_LENGTH },
        {
          type: 'array',
          minItems: 1,
          maxItems: MAX_PARTS,
          items: {
            type: 'object',
            properties: { type: { const: 'text' }, text: { type: 'string', maxLength: MAX_TEXT_LENGTH } },
            required: ['type', 'text'],
            additionalProperties: false,
          },
        },
        { type: 'null' },
      ],
    },
  });

const toolCallSchema = z
  .strictObject({
    id: nameSchema.nullish(),
    type: z.literal('function'),
    function: z.strictObject({
      name: nameSchema,
      arguments: textSchema.meta({
        description: `JSON, at most ${MAX_JSON_LEVELS} levels deep; a template gets the object.`,
      }),
    }),
  })
  .meta({ id: 'ChatToolCall' });

/** What an official client has in an answer's message, and may send back in the next turn. */
const returned = z.unknown().optional().meta({ description: 'Accepted and ignored.' });

const chatMessageSchema = z
  .strictObject({
    role: z
      .enum(['system', 'developer', 'user', 'assistant', 'tool'])
      .meta({ description: "The model's chat template decides which roles it accepts, and in which order." }),
    content: contentSchema,
    name: nameSchema.nullish(),
    tool_calls: z.array(toolCallSchema).max(MAX_TOOL_CALLS).nullish(),
    tool_call_id: nameSchema.nullish(),
    reasoning_content: textSchema.nullish(),
    refusal: returned,
    annotations: returned,
  })
  .meta({ id: 'ChatMessage' });

export const messagesSchema = z.array(chatMessageSchema).min(1).max(MAX_MESSAGES);

type ChatMessageInput = z.output<typeof chatMessageSchema>;

/** Fields of a message that a template gets, where they are set. */
const TEMPLATE_FIELDS = ['content', 'name', 'tool_call_id', 'reasoning_content'] as const;

/**
 * Messages as a template reads them: what is null is left out, as transformers does.
 *
 * @throws EngineError `invalid_request` for a message without content, or arguments of a tool that are no JSON object or
 * nest too deep
 */
export function toChatMessages(inputs: readonly ChatMessageInput[]): ChatMessage[] {
  return inputs.map((input, index) => {
    const place = `messages[${index}]`;
    const toolCalls = input.tool_calls ?? [];
    if (typeof (input.content ?? undefined) === 'undefined' && toolCalls.length === 0) {
      throw invalidField(`${place}.content`, 'is required');
    }
    const message: ChatMessage = { role: input.role };
    for (const field of TEMPLATE_FIELDS) {
      const value = input[field] ?? undefined;
      if (value !== undefined) message[field] = value;
    }
    if (toolCalls.length > 0) {
      message['tool_calls'] = toolCalls.map((toolCall, callIndex) => ({
        ...toolCall,
        function: {
          ...toolCall.function,
          arguments: readArguments(
            toolCall.function.arguments,
            `${place}.tool_calls[${callIndex}].function.arguments`,
          ),
        },
      }));
    }
    return message;
  });
}

function readArguments(text: string, param: string): object {
  // The template's process and its interpreter read them by recursion.
  if (nestsDeeperThan(text, MAX_JSON_LEVELS))
    throw invalidField(param, `nests more than ${MAX_JSON_LEVELS} levels`);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // It is told below, as what is JSON but no object is.
  }
  throw invalidField(param, 'must be the text of a JSON object');
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

function readPart(entry: unknown, index: number): ChatTextPart | ContentFault {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    return { path: [index], message: 'must be a text part: {"type": "text", "text": …}' };
  }
  const { type, text, ...rest } = entry as Record<string, unknown>;
  if (type !== 'text') {
    const other = typeof type === 'string' ? `, not ${JSON.stringify(clip(type))}` : '';
    return { path: [index, 'type'], message: `must be "text"${other}: this service reads text only` };
  }
  if (typeof text !== 'string') return { path: [index, 'text'], message: 'must be a string' };
  if (!isText(text)) return { path: [index, 'text'], message: TOO_LONG };
  const [unknownField] = Object.keys(rest);
  if (unknownField !== undefined) return { path: [index, unknownField], message: 'is an unknown field' };
  return { type, text };
}
