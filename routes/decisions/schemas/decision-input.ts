import * as z from 'zod';
import type { OpenConversation } from '../../../src/decisions/render-frame.ts';
import type { ChatMessage } from '../../../src/engine/engine.ts';
import { invalidField } from '../../../src/errors.ts';
import { MAX_MESSAGES, MAX_PARTS, nameSchema, textSchema } from '../../shared/schemas/bounds.ts';
import { ignored, inputTextSchema, refusalSchema } from '../../shared/schemas/common-fields.ts';
import { taggedUnion, TEXT_ONLY, withMessageType } from '../../shared/schemas/tagged-union.ts';
import { toToolCall } from '../../shared/schemas/template-messages.ts';
import { textOrList } from '../../shared/schemas/lists.ts';
import { readToolArguments } from '../../shared/schemas/tools.ts';

/** What OpenAI's decisions are about: a text, or the items of a conversation. */

const MAX_JSON_OBJECTS = 4096;

const jsonObjectSchema = z.record(z.string(), z.unknown());
const inputJsonSchema = z
  .strictObject({
    type: z.literal('input_json'),
    data: z
      .union([jsonObjectSchema, z.array(jsonObjectSchema).max(MAX_JSON_OBJECTS)])
      .meta({ description: 'Any JSON object, or a list of them. The model reads the JSON text.' }),
  })
  .meta({ id: 'InputJson' });
const outputTextSchema = z.strictObject({ type: z.literal('output_text'), text: textSchema });

const messagePartSchema = taggedUnion(
  ['input_text', 'input_json', 'output_text', 'refusal'],
  [inputTextSchema, inputJsonSchema, outputTextSchema, refusalSchema],
  TEXT_ONLY,
).meta({ id: 'DecisionInputPart' });
const questionPartSchema = taggedUnion(
  ['input_text', 'input_json'],
  [inputTextSchema, inputJsonSchema],
  TEXT_ONLY,
).meta({ id: 'DecisionQuestionPart' });
const outputPartSchema = taggedUnion(['input_text'], [inputTextSchema], TEXT_ONLY);

type TextPart = z.output<typeof messagePartSchema>;

export const instructionsSchema = textOrList(questionPartSchema, MAX_PARTS).meta({
  id: 'DecisionInstructions',
  description: 'A text, or a list of parts, each a line of its own.',
});

const messageSchema = z
  .strictObject({
    type: z.literal('message').optional(),
    role: z
      .enum(['user', 'assistant', 'system', 'developer'])
      .meta({ description: "The model's chat template decides which roles it accepts, and in which order." }),
    content: textOrList(messagePartSchema, MAX_PARTS),
    phase: ignored,
  })
  .meta({ id: 'DecisionInputMessage' });

const callFields = { call_id: nameSchema, id: ignored, status: ignored };
const outputSchema = textOrList(outputPartSchema, MAX_PARTS);

const functionCallSchema = z.strictObject({
  type: z.literal('function_call'),
  name: nameSchema,
  arguments: textSchema.meta({ description: 'JSON; a template gets the object.' }),
  namespace: ignored,
  ...callFields,
});
const functionCallOutputSchema = z.strictObject({
  type: z.literal('function_call_output'),
  output: outputSchema,
  ...callFields,
});
const customToolCallSchema = z.strictObject({
  type: z.literal('custom_tool_call'),
  name: nameSchema,
  input: textSchema.meta({ description: 'A template gets it as the argument `input`.' }),
  namespace: ignored,
  ...callFields,
});
const customToolCallOutputSchema = z.strictObject({
  type: z.literal('custom_tool_call_output'),
  output: outputSchema,
  ...callFields,
});

/** A message may leave its type out. */
const itemSchema = z
  .preprocess(
    withMessageType,
    taggedUnion(
      ['message', 'function_call', 'function_call_output', 'custom_tool_call', 'custom_tool_call_output'],
      [
        messageSchema.extend({ type: z.literal('message') }),
        functionCallSchema,
        functionCallOutputSchema,
        customToolCallSchema,
        customToolCallOutputSchema,
      ],
      'these are the items of a decision',
    ),
  )
  .meta({ id: 'DecisionInputItem' });

export const decisionInputSchema = textOrList(itemSchema, MAX_MESSAGES).meta({
  description: 'A text, or the items of a conversation: what all questions are about.',
});

export type DecisionInput = z.output<typeof decisionInputSchema>;
type DecisionItem = z.output<typeof itemSchema>;

/** A text as it is; of parts each is a line. */
export function textOf(content: string | readonly TextPart[]): string {
  if (typeof content === 'string') return content;
  return content
    .map((part) => {
      if (part.type === 'input_json') return JSON.stringify(part.data);
      return part.type === 'refusal' ? part.refusal : part.text;
    })
    .join('\n');
}

/**
 * The conversation that questions are asked about: its last message, if it is the user's, goes on with the question, since
 * many templates take no two messages of a user in a row.
 *
 * @throws EngineError `invalid_request` for the output of a call that is not there
 */
export function toOpenConversation(input: DecisionInput): OpenConversation {
  if (typeof input === 'string') return { messages: [], lastContent: input };
  const messages = toMessages(input);
  const last = messages.at(-1);
  if (last?.role !== 'user' || typeof last.content !== 'string') return { messages, lastContent: '' };
  return { messages: messages.slice(0, -1), lastContent: last.content };
}

function toMessages(items: readonly DecisionItem[]): ChatMessage[] {
  const messages: ChatMessage[] = [];
  const callIds = new Set<string>();
  /** Calls that follow each other are one message. */
  let calls: unknown[] | undefined;
  for (const [index, item] of items.entries()) {
    if (item.type === 'function_call' || item.type === 'custom_tool_call') {
      callIds.add(item.call_id);
      if (calls === undefined) messages.push({ role: 'assistant', content: '', tool_calls: (calls = []) });
      calls.push(toCall(item));
      continue;
    }
    calls = undefined;
    if (item.type === 'message') {
      messages.push({ role: item.role, content: textOf(item.content) });
      continue;
    }
    if (!callIds.has(item.call_id)) {
      throw invalidField(`input[${index}].call_id`, 'is the id of no call before it');
    }
    messages.push({ role: 'tool', content: textOf(item.output), tool_call_id: item.call_id });
  }
  return messages;
}

function toCall(item: Extract<DecisionItem, { type: 'function_call' | 'custom_tool_call' }>): object {
  const args = item.type === 'function_call' ? readToolArguments(item.arguments) : { input: item.input };
  return toToolCall(item.call_id, item.name, args);
}
