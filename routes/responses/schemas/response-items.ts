import * as z from 'zod';
import { boundedList, textOrList } from '../../shared/schemas/lists.ts';
import { MAX_MESSAGES, MAX_PARTS, nameSchema, textSchema } from '../../shared/schemas/bounds.ts';
import { ignored, inputTextSchema, refusalSchema } from '../../shared/schemas/common-fields.ts';
import { taggedUnion, TEXT_ONLY, withMessageType } from '../../shared/schemas/tagged-union.ts';
import { tokenLogprobSchema } from '../../shared/schemas/token-logprob.ts';

/** What a conversation consists of in OpenAI's Responses API: as it comes from clients, and as it goes back to them. */

/** What an official client has in an answer's item, and may send back in the next turn. */
const returned = ignored;

const statusSchema = z.enum(['in_progress', 'completed', 'incomplete']);
/** Of an item that a client sends. */
const sentFields = { id: nameSchema.nullish(), status: statusSchema.nullish() };

const sentOutputTextSchema = z.strictObject({
  type: z.literal('output_text'),
  text: textSchema,
  annotations: returned,
  logprobs: returned,
  parsed: returned,
});

const partSchema = taggedUnion(
  ['input_text', 'output_text', 'refusal'],
  [inputTextSchema, sentOutputTextSchema, refusalSchema],
  TEXT_ONLY,
).meta({ id: 'ResponseInputPart' });
export type InputPart = z.output<typeof partSchema>;

const messageSchema = z
  .strictObject({
    type: z.literal('message').optional(),
    role: z.enum(['user', 'assistant', 'system', 'developer']),
    content: textOrList(partSchema, MAX_PARTS),
    phase: returned,
    ...sentFields,
  })
  .meta({ id: 'ResponseInputMessage' });

const functionCallSchema = z
  .strictObject({
    type: z.literal('function_call'),
    call_id: nameSchema,
    name: nameSchema,
    arguments: textSchema.meta({ description: 'JSON; a template gets the object.' }),
    namespace: returned,
    caller: returned,
    created_by: returned,
    parsed_arguments: returned,
    ...sentFields,
  })
  .meta({ id: 'ResponseInputFunctionCall' });

const outputPartSchema = taggedUnion(['input_text'], [inputTextSchema], TEXT_ONLY);

const functionCallOutputSchema = z
  .strictObject({
    type: z.literal('function_call_output'),
    call_id: nameSchema.meta({ description: 'Of a `function_call` before it.' }),
    output: textOrList(outputPartSchema, MAX_PARTS),
    caller: returned,
    created_by: returned,
    ...sentFields,
  })
  .meta({ id: 'ResponseInputFunctionCallOutput' });

const reasoningTextSchema = z.strictObject({ type: z.literal('reasoning_text'), text: textSchema });
const sentSummaryTextSchema = z.strictObject({ type: z.literal('summary_text'), text: textSchema });

const reasoningSchema = z
  .strictObject({
    type: z.literal('reasoning'),
    summary: boundedList(sentSummaryTextSchema, MAX_PARTS).nullish(),
    content: boundedList(reasoningTextSchema, MAX_PARTS).nullish(),
    encrypted_content: returned,
    ...sentFields,
  })
  .meta({ id: 'ResponseInputReasoning', description: 'The template gets `content`, or else `summary`.' });

const itemReferenceSchema = z
  .strictObject({ type: z.literal('item_reference'), id: nameSchema })
  .meta({ id: 'ResponseItemReference', description: 'An item of a response that is stored.' });

const typedItemSchema = taggedUnion(
  ['message', 'function_call', 'function_call_output', 'reasoning', 'item_reference'],
  [
    messageSchema.extend({ type: z.literal('message') }),
    functionCallSchema,
    functionCallOutputSchema,
    reasoningSchema,
    itemReferenceSchema,
  ],
  'this service has no other tools and no files',
);

/** A message may leave its type out. */
const inputItemSchema = z.preprocess(withMessageType, typedItemSchema).meta({ id: 'ResponseInputItem' });

export const inputSchema = textOrList(inputItemSchema, MAX_MESSAGES).meta({
  description: 'A text of the user, or the items of a conversation.',
});

export type SentItem = z.output<typeof inputItemSchema>;

export const outputLogprobSchema = tokenLogprobSchema.meta({ id: 'ResponseLogprob' });
export type OutputLogprob = z.output<typeof outputLogprobSchema>;

export const outputTextSchema = z
  .object({
    type: z.literal('output_text'),
    text: z.string(),
    annotations: z.array(z.never()),
    logprobs: z.array(outputLogprobSchema),
  })
  .meta({ id: 'ResponseOutputText' });

export const outputReasoningTextSchema = z
  .object({ type: z.literal('reasoning_text'), text: z.string() })
  .meta({ id: 'ResponseReasoningText' });

export const summaryTextSchema = z
  .object({ type: z.literal('summary_text'), text: z.string() })
  .meta({ id: 'ResponseSummaryText' });

const reasoningItemSchema = z.object({
  type: z.literal('reasoning'),
  id: z.string(),
  status: statusSchema,
  summary: z.array(summaryTextSchema).meta({
    description: 'The text, all of it, where `reasoning.summary` asks for one.',
  }),
  content: z
    .array(outputReasoningTextSchema)
    .meta({ description: 'The text where no summary was asked for.' }),
});

export const outputItemSchema = z
  .discriminatedUnion('type', [
    z.object({
      type: z.literal('message'),
      id: z.string(),
      role: z.literal('assistant'),
      status: statusSchema,
      content: z.array(outputTextSchema),
    }),
    z.object({
      type: z.literal('function_call'),
      id: z.string(),
      call_id: z.string(),
      name: z.string(),
      arguments: z.string(),
      status: statusSchema,
    }),
    reasoningItemSchema,
  ])
  .meta({ id: 'ResponseOutputItem' });

export type OutputItem = z.output<typeof outputItemSchema>;
export type ItemStatus = z.output<typeof statusSchema>;

/** An item of the input of a stored response. Each has an id. */
export const storedItemSchema = z
  .union([
    outputItemSchema,
    z.object({
      type: z.literal('message'),
      id: z.string(),
      role: z.enum(['user', 'assistant', 'system', 'developer']),
      status: statusSchema,
      content: z.array(
        z.union([
          z.object({ type: z.literal('input_text'), text: z.string() }),
          z.object({ type: z.literal('output_text'), text: z.string(), annotations: z.array(z.never()) }),
          z.object({ type: z.literal('refusal'), refusal: z.string() }),
        ]),
      ),
    }),
    z.object({
      type: z.literal('function_call_output'),
      id: z.string(),
      call_id: z.string(),
      output: z.string(),
      status: statusSchema,
    }),
  ])
  .meta({ id: 'ResponseStoredItem' });

export type StoredItem = z.output<typeof storedItemSchema>;
