import * as z from 'zod';
import { invalidField } from '../../../src/errors.ts';
import { isRecord } from '../../../src/values.ts';
import type { ChatMessage } from '../../../src/engine/engine.ts';
import {
  MAX_MESSAGES,
  MAX_TEXT_LENGTH,
  MAX_TOOL_CALLS,
  nameSchema,
  textSchema,
} from '../../shared/schemas/bounds.ts';
import { messagesSchema, toChatMessages } from '../../openai/schemas/chat-messages.ts';

const argumentsSchema = z
  .unknown()
  .refine(
    (value) => isRecord(value) || (typeof value === 'string' && value.length <= MAX_TEXT_LENGTH),
    'must be an object, or the text of one',
  )
  .meta({
    description: 'A JSON object, or the text of one.',
    override: { anyOf: [{ type: 'object' }, { type: 'string', maxLength: MAX_TEXT_LENGTH }] },
  });

/** A call as an answer has it, flat and with an object, or as OpenAI has it; what else stands in it is ignored. */
const toolCallSchema = z
  .object({
    id: nameSchema.nullish(),
    type: z.literal('function').nullish(),
    name: nameSchema.nullish(),
    arguments: argumentsSchema.optional(),
    function: z.object({ name: nameSchema, arguments: argumentsSchema.optional() }).nullish(),
  })
  .meta({ id: 'WorkersAiToolCall', description: 'Either `name` and `arguments`, or `function` with both.' });

const openAiMessage = messagesSchema.element.shape;

/**
 * A message of a conversation as Cloudflare's clients send it back: what they add to it is ignored, since they echo what
 * they were answered.
 */
const messageSchema = z
  .object({
    role: openAiMessage.role,
    content: openAiMessage.content,
    name: nameSchema.nullish(),
    tool_calls: z.array(toolCallSchema).max(MAX_TOOL_CALLS).nullish(),
    tool_call_id: nameSchema.nullish(),
    reasoning: textSchema.nullish().meta({ description: 'What the model thought; a template may show it.' }),
    reasoning_content: textSchema.nullish().meta({ description: 'Another name of `reasoning`.' }),
  })
  .meta({ id: 'WorkersAiMessage' });

export const workersAiMessagesSchema = z.array(messageSchema).min(1).max(MAX_MESSAGES);

type Message = z.output<typeof messageSchema>;
type ToolCall = z.output<typeof toolCallSchema>;

/**
 * Messages as a template reads them.
 *
 * @throws EngineError `invalid_request` as `toChatMessages`, and for a call without a name
 */
export function toWorkersAiMessages(messages: readonly Message[]): ChatMessage[] {
  return toChatMessages(
    messages.map(({ reasoning, tool_calls: calls, ...message }, index) => ({
      ...message,
      reasoning_content: message.reasoning_content ?? reasoning,
      tool_calls: calls?.map((call, callIndex) =>
        toOpenAiCall(call, `messages[${index}].tool_calls[${callIndex}]`),
      ),
    })),
  );
}

function toOpenAiCall(
  { id, name, arguments: flatArguments, function: nested }: ToolCall,
  param: string,
): { id?: string | null | undefined; type: 'function'; function: { name: string; arguments: string } } {
  const calledName = nested?.name ?? name ?? undefined;
  if (calledName === undefined) {
    throw invalidField(`${param}.name`, 'is required, or a function with a name in its place');
  }
  const given = nested?.arguments ?? flatArguments ?? {};
  const text = typeof given === 'string' ? given : JSON.stringify(given);
  // Some clients write a call without arguments so.
  return { id, type: 'function', function: { name: calledName, arguments: text === '' ? '{}' : text } };
}
