import * as z from 'zod';
import { outputItemSchema } from './response-items.ts';

/** OpenAI's codes of what may go wrong after an answer has begun. */
export const responseErrorSchema = z.object({
  code: z.enum(['server_error', 'rate_limit_exceeded', 'invalid_prompt']),
  message: z.string(),
});
export type ResponseErrorBody = z.output<typeof responseErrorSchema>;

export const responseUsageSchema = z
  .object({
    input_tokens: z.int(),
    input_tokens_details: z.object({
      cached_tokens: z.int(),
      cache_write_tokens: z.literal(0).meta({ description: 'The cache keeps prompts by itself.' }),
    }),
    output_tokens: z.int(),
    output_tokens_details: z.object({ reasoning_tokens: z.int() }),
    total_tokens: z.int(),
  })
  .meta({ id: 'ResponseUsage' });

/** What a request asked for, as its response repeats it. */
const echoFields = {
  background: z.literal(false),
  instructions: z.string().nullable(),
  max_output_tokens: z.int().nullable(),
  max_tool_calls: z.int().nullable(),
  metadata: z.record(z.string(), z.string()),
  model: z.string(),
  parallel_tool_calls: z.boolean(),
  previous_response_id: z.string().nullable(),
  prompt_cache_key: z.string().nullable(),
  reasoning: z.object({ effort: z.string().nullable(), summary: z.string().nullable() }),
  store: z.boolean(),
  temperature: z.number(),
  text: z.object({ format: z.object({ type: z.string() }).loose() }),
  tool_choice: z.union([z.string(), z.object({ type: z.string() }).loose()]),
  tools: z
    .array(
      z.object({
        type: z.literal('function'),
        name: z.string(),
        description: z.string().nullable(),
        parameters: z.record(z.string(), z.unknown()).nullable(),
        strict: z.boolean().nullable(),
      }),
    )
    .meta({ description: 'The function tools; others were ignored.' }),
  top_logprobs: z.int(),
  top_p: z.number(),
  truncation: z.enum(['auto', 'disabled']),
  user: z.string().nullable(),
};
export const responseBodySchema = z
  .object({
    id: z.string(),
    object: z.literal('response'),
    created_at: z.int(),
    completed_at: z.int().nullable(),
    status: z
      .enum(['in_progress', 'completed', 'incomplete', 'failed', 'cancelled'])
      .meta({ description: '`cancelled`: by this API, by DELETE /v1/requests/{id} or by shutdown.' }),
    error: responseErrorSchema.nullable(),
    incomplete_details: z.object({ reason: z.literal('max_output_tokens') }).nullable(),
    output: z.array(outputItemSchema),
    usage: responseUsageSchema.nullable().meta({ description: 'null until the response has ended.' }),
    truncated: z
      .literal(true)
      .optional()
      .meta({ description: 'The prompt was cut, as `truncation: auto` allows.' }),
    dropped_tokens: z
      .int()
      .optional()
      .meta({ description: 'Tokens cut from the start of the prompt, if known.' }),
    ...echoFields,
  })
  .meta({ id: 'Response' });

export type ResponseBody = z.output<typeof responseBodySchema>;
/** What a response repeats of its request. */
export type ResponseEcho = Pick<ResponseBody, keyof typeof echoFields>;

export const deletedResponseSchema = z
  .object({ id: z.string(), object: z.literal('response'), deleted: z.literal(true) })
  .meta({ id: 'DeletedResponse' });

export const inputTokensSchema = z
  .object({ object: z.literal('response.input_tokens'), input_tokens: z.int() })
  .meta({ id: 'ResponseInputTokens' });
