import * as z from 'zod';
import { MAX_PARTS, nameSchema, textSchema } from '../../shared/schemas/bounds.ts';
import { ignored } from '../../shared/schemas/common-fields.ts';
import { jsonObjectSchema } from '../../shared/schemas/json-object.ts';
import { taggedUnion, TEXT_ONLY } from '../../shared/schemas/tagged-union.ts';
import { textOrList } from '../../shared/schemas/lists.ts';

/** What the messages of Anthropic's API consist of, as they come from clients and as they go back. */

export const textBlockSchema = z
  .strictObject({
    type: z.literal('text'),
    text: textSchema,
    cache_control: ignored,
    citations: ignored,
  })
  .meta({ id: 'MessageInputText' });

const toolUseSchema = z
  .strictObject({
    type: z.literal('tool_use'),
    id: nameSchema,
    name: nameSchema,
    input: jsonObjectSchema,
    cache_control: ignored,
    caller: ignored,
    toolset_name: ignored,
  })
  .meta({ id: 'MessageInputToolUse' });

export const textBlocksSchema = textOrList(taggedUnion(['text'], [textBlockSchema], TEXT_ONLY), MAX_PARTS);

const toolResultSchema = z
  .strictObject({
    type: z.literal('tool_result'),
    tool_use_id: nameSchema.meta({ description: 'Of a `tool_use` before it.' }),
    content: textBlocksSchema.nullish(),
    is_error: z.boolean().nullish(),
    cache_control: ignored,
    toolset_name: ignored,
  })
  .meta({ id: 'MessageInputToolResult' });

const thinkingSchema = z
  .strictObject({
    type: z.literal('thinking'),
    thinking: textSchema.meta({ description: 'The template gets it.' }),
    signature: textSchema.nullish().meta({ description: 'Not looked at.' }),
  })
  .meta({ id: 'MessageInputThinking' });

const redactedThinkingSchema = z
  .strictObject({ type: z.literal('redacted_thinking'), data: textSchema })
  .meta({ id: 'MessageInputRedactedThinking', description: 'Left out: this service cannot read it.' });

const blockSchema = taggedUnion(
  ['text', 'tool_use', 'tool_result', 'thinking', 'redacted_thinking'],
  [textBlockSchema, toolUseSchema, toolResultSchema, thinkingSchema, redactedThinkingSchema],
  `${TEXT_ONLY}, and runs no tools`,
).meta({ id: 'MessageInputBlock' });

export type InputBlock = z.output<typeof blockSchema>;
export type ToolResultBlock = z.output<typeof toolResultSchema>;

export const contentSchema = textOrList(blockSchema, MAX_PARTS);

export const outputBlockSchema = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('text'), text: z.string() }),
    z.object({
      type: z.literal('thinking'),
      thinking: z.string(),
      signature: z.string().meta({ description: 'Of no meaning; clients send it back.' }),
    }),
    z.object({
      type: z.literal('tool_use'),
      id: z.string(),
      name: z.string(),
      input: z.record(z.string(), z.unknown()),
      caller: z.object({ type: z.literal('direct') }),
    }),
  ])
  .meta({ id: 'MessageBlock' });

export type OutputBlock = z.output<typeof outputBlockSchema>;
