import * as z from 'zod';
import { anthropicErrorSchema } from '../../shared/schemas/errors.ts';
import { outputBlockSchema } from './message-blocks.ts';

const stopReasonSchema = z
  .enum(['end_turn', 'max_tokens', 'stop_sequence', 'tool_use', 'model_context_window_exceeded'])
  .nullable()
  .meta({ description: 'null: the request was cancelled by DELETE /v1/requests/{id} or by shutdown.' });

const usageFields = {
  input_tokens: z.int().meta({ description: 'Without those that were found in the prefix cache.' }),
  cache_read_input_tokens: z.int(),
  cache_creation_input_tokens: z.literal(0).meta({ description: 'The cache keeps prompts by itself.' }),
  output_tokens: z.int(),
  output_tokens_details: z.object({ thinking_tokens: z.int() }),
};

export const messageBodySchema = z
  .object({
    id: z.string(),
    type: z.literal('message'),
    role: z.literal('assistant'),
    model: z.string(),
    content: z.array(outputBlockSchema),
    stop_reason: stopReasonSchema,
    stop_sequence: z.string().nullable(),
    stop_details: z.null(),
    container: z.null(),
    usage: z.object(usageFields),
  })
  .meta({ id: 'Message' });

export type MessageBody = z.output<typeof messageBodySchema>;

const deltaSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text_delta'), text: z.string() }),
  z.object({ type: z.literal('thinking_delta'), thinking: z.string() }),
  z.object({ type: z.literal('signature_delta'), signature: z.string() }),
  z.object({ type: z.literal('input_json_delta'), partial_json: z.string() }),
]);

/** What a `data:` line of a streamed message holds. */
export const messageEventSchema = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('message_start'), message: messageBodySchema }),
    z.object({ type: z.literal('content_block_start'), index: z.int(), content_block: outputBlockSchema }),
    z.object({ type: z.literal('content_block_delta'), index: z.int(), delta: deltaSchema }),
    z.object({ type: z.literal('content_block_stop'), index: z.int() }),
    z.object({
      type: z.literal('message_delta'),
      delta: z.object({
        stop_reason: stopReasonSchema,
        stop_sequence: z.string().nullable(),
        stop_details: z.null(),
        container: z.null(),
      }),
      usage: z.object(usageFields).meta({ description: 'Final: at `message_start` less may be known.' }),
    }),
    z.object({ type: z.literal('message_stop') }),
    z.object({ type: z.literal('ping') }).meta({ description: 'After `SSE_PING_INTERVAL` of silence.' }),
    anthropicErrorSchema,
  ])
  .meta({ id: 'MessageEvent' });

/** An event of the answer itself. */
export type MessageEvent = Exclude<z.output<typeof messageEventSchema>, { type: 'ping' | 'error' }>;

export const tokenCountSchema = z.object({ input_tokens: z.int() }).meta({ id: 'MessageTokenCount' });
