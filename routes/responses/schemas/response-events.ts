import * as z from 'zod';
import { responseBodySchema } from './response-body.ts';
import {
  outputItemSchema,
  outputLogprobSchema,
  outputReasoningTextSchema,
  outputTextSchema,
  summaryTextSchema,
} from './response-items.ts';

/** An event of a streamed response: its name is its `type`. */
const event = <Type extends string, Fields extends z.ZodRawShape>(
  type: Type,
  fields: Fields,
): z.ZodObject<{ type: z.ZodLiteral<Type>; sequence_number: z.ZodInt } & Fields> =>
  z.object({ type: z.literal(type), sequence_number: z.int(), ...fields });

const ofResponse = { response: responseBodySchema };
const ofItem = { item_id: z.string(), output_index: z.int() };
const ofPart = { ...ofItem, content_index: z.int() };
const ofSummary = { ...ofItem, summary_index: z.int() };
const partSchema = z.union([outputTextSchema, outputReasoningTextSchema]);
const logprobs = z.array(outputLogprobSchema);

/** What a `data:` line of a streamed response holds, in OpenAI's order. */
export const responseEventSchema = z
  .discriminatedUnion('type', [
    event('response.created', ofResponse),
    event('response.in_progress', ofResponse),
    event('response.output_item.added', { output_index: z.int(), item: outputItemSchema }),
    event('response.content_part.added', { ...ofPart, part: partSchema }),
    event('response.output_text.delta', { ...ofPart, delta: z.string(), logprobs }),
    event('response.output_text.done', { ...ofPart, text: z.string(), logprobs }),
    event('response.reasoning_text.delta', { ...ofPart, delta: z.string() }),
    event('response.reasoning_text.done', { ...ofPart, text: z.string() }),
    event('response.content_part.done', { ...ofPart, part: partSchema }),
    event('response.reasoning_summary_part.added', { ...ofSummary, part: summaryTextSchema }),
    event('response.reasoning_summary_text.delta', { ...ofSummary, delta: z.string() }),
    event('response.reasoning_summary_text.done', { ...ofSummary, text: z.string() }),
    event('response.reasoning_summary_part.done', {
      ...ofSummary,
      part: summaryTextSchema,
      status: z.literal('incomplete').optional(),
    }),
    event('response.function_call_arguments.delta', { ...ofItem, delta: z.string() }),
    event('response.function_call_arguments.done', { ...ofItem, name: z.string(), arguments: z.string() }),
    event('response.output_item.done', { output_index: z.int(), item: outputItemSchema }),
    event('response.completed', ofResponse),
    event('response.incomplete', ofResponse),
    event('response.failed', ofResponse),
    event('error', {
      code: z.string(),
      message: z.string(),
      param: z.null(),
      error: z
        .object({ type: z.string(), code: z.string(), message: z.string(), param: z.null() })
        .meta({ description: 'The same once more, for clients that look for it here.' }),
    }),
  ])
  .meta({ id: 'ResponseEvent' });

export type ResponseEvent = z.output<typeof responseEventSchema>;

type WithoutNumber<Event> = Event extends unknown ? Omit<Event, 'sequence_number'> : never;
/** An event before it has its number. */
export type UnnumberedEvent = WithoutNumber<ResponseEvent>;
