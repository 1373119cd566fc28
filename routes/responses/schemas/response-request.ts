import * as z from 'zod';
import type { FieldNames } from '../../../src/field-names.ts';
import { MAX_LOGPROBS } from '../../../src/sampling/sampling-params.ts';
import { boundedList } from '../../shared/schemas/lists.ts';
import {
  countSchema,
  MAX_INT32,
  metadataSchema,
  nameSchema,
  textSchema,
} from '../../shared/schemas/bounds.ts';
import {
  cacheSaltField,
  ignored,
  modelField,
  priorityField,
  seedField,
  timeoutField,
  unsupported,
} from '../../shared/schemas/common-fields.ts';
import { jsonSchemaSchema } from '../../shared/schemas/json-object.ts';
import { REASONING_EFFORTS, reasoningBudgetSchema } from '../../shared/schemas/reasoning-effort.ts';
import { taggedUnion } from '../../shared/schemas/tagged-union.ts';
import { MAX_TOOLS } from '../../shared/schemas/tools.ts';
import { otherResponseFields } from './other-fields.ts';
import { inputSchema } from './response-items.ts';
import { topPSchema } from '../../shared/schemas/top-p.ts';

/** What the Responses API calls the fields of a chat completion. */
export const RESPONSE_FIELD_NAMES: FieldNames = new Map([
  ['messages', 'input'],
  ['max_tokens', 'max_output_tokens'],
  ['truncate_prompt_tokens', 'truncation'],
]);

const MAX_INCLUDES = 32;

const functionToolSchema = z
  .strictObject({
    type: z.literal('function'),
    name: z.string().regex(/^[\w-]{1,64}$/, 'must have 1 to 64 letters, digits, - and _'),
    description: textSchema.nullish(),
    parameters: jsonSchemaSchema.nullish(),
    strict: z.boolean().nullish().meta({ description: 'Hold the arguments to the schema in any case.' }),
    defer_loading: ignored,
    allowed_callers: ignored,
    output_schema: ignored,
  })
  .meta({ id: 'ResponseFunctionTool' });
export type FunctionTool = z.output<typeof functionToolSchema>;

/** OpenAI runs these itself, or clients have a form of their own for them; agents send them beside functions. */
const otherToolSchema = z
  .looseObject({ type: nameSchema })
  .refine(({ type }) => type !== 'function', { abort: true })
  .meta({
    description: 'A tool of another type; ignored.',
    override: {
      type: 'object',
      properties: { type: { type: 'string', not: { const: 'function' } } },
      required: ['type'],
    },
  });

const toolSchema = z.union([functionToolSchema, otherToolSchema]);

export const isFunctionTool = (tool: z.output<typeof toolSchema>): tool is FunctionTool =>
  tool.type === 'function';

/** Ollama's chat takes it, too. */
export const toolChoiceSchema = z
  .union([
    z.enum(['none', 'auto', 'required']),
    taggedUnion(
      ['function', 'allowed_tools'],
      [
        z.strictObject({ type: z.literal('function'), name: nameSchema }),
        z.strictObject({
          type: z.literal('allowed_tools'),
          mode: z.enum(['auto', 'required']),
          tools: boundedList(
            z.strictObject({ type: nameSchema, name: nameSchema.optional(), server_label: ignored }),
            MAX_TOOLS,
          ),
        }),
      ],
      'this service has function tools only',
    ),
  ])
  .meta({ id: 'ResponseToolChoice' });
export type ToolChoiceInput = z.output<typeof toolChoiceSchema>;

const formatSchema = taggedUnion(
  ['text', 'json_object', 'json_schema'],
  [
    z.strictObject({ type: z.literal('text') }),
    z.strictObject({ type: z.literal('json_object') }),
    z.strictObject({
      type: z.literal('json_schema'),
      name: nameSchema,
      schema: jsonSchemaSchema,
      description: textSchema.nullish(),
      strict: z.boolean().nullish().meta({ description: 'The schema is enforced in any case.' }),
    }),
  ],
  'these are the formats of a text',
);

const summarySchema = z.enum(['auto', 'concise', 'detailed']);

/** Fields that a request and the count of its tokens share. */
const conversationFields = {
  model: modelField,
  input: inputSchema,
  instructions: textSchema.nullish().meta({ description: 'A system message before all others.' }),
  previous_response_id: nameSchema.nullish().meta({ description: 'Of a response of yours that is stored.' }),
  conversation: unsupported,
  tools: boundedList(toolSchema, MAX_TOOLS).nullish().meta({ id: 'ResponseTools' }),
  tool_choice: toolChoiceSchema.nullish().meta({ default: 'auto' }),
  parallel_tool_calls: z.boolean().nullish().meta({ default: true }),
  text: z
    .strictObject({
      format: formatSchema.nullish(),
      verbosity: ignored,
    })
    .nullish()
    .meta({ id: 'ResponseText' }),
  reasoning: z
    .strictObject({
      effort: z.enum(REASONING_EFFORTS).nullish().meta({
        description:
          '`none` turns reasoning off; `minimal`, `low` and `medium` allow 256, 1024 and 4096 tokens of it.',
      }),
      max_tokens: reasoningBudgetSchema.nullish().meta({
        description: 'Most tokens of reasoning, in place of what the effort allows; -1: no bound.',
      }),
      summary: summarySchema.nullish().meta({
        description: 'The reasoning then comes as a summary, all of it, in place of content.',
      }),
      generate_summary: summarySchema.nullish().meta({ description: 'The older name of `summary`.' }),
      context: ignored,
    })
    .nullish()
    .meta({ id: 'ResponseReasoning' }),
  truncation: z.enum(['auto', 'disabled']).nullish().meta({
    default: 'disabled',
    description: '`auto` cuts tokens from the start of the prompt, and needs `max_output_tokens`.',
  }),
};

export const responseRequestSchema = z
  .strictObject({
    ...conversationFields,
    max_output_tokens: countSchema
      .nullish()
      .meta({ description: 'By default as many as the context has room for.' }),
    temperature: z.number().min(0).max(2).nullish().meta({ default: 1, description: '0 is greedy.' }),
    top_p: topPSchema.nullish().meta({ default: 1 }),
    top_logprobs: z.int().min(0).max(MAX_LOGPROBS).nullish(),
    include: boundedList(
      z.enum([
        'message.output_text.logprobs',
        'reasoning.encrypted_content',
        'message.input_image.image_url',
        'file_search_call.results',
        'web_search_call.results',
        'web_search_call.action.sources',
        'computer_call_output.output.image_url',
        'code_interpreter_call.outputs',
      ]),
      MAX_INCLUDES,
    )
      .nullish()
      .meta({ description: '`message.output_text.logprobs` adds logprobs; there is nothing of the others.' }),
    stream: z.boolean().nullish().meta({ default: false }),
    stream_options: z.strictObject({ include_obfuscation: ignored }).nullish(),
    store: z
      .boolean()
      .nullish()
      .meta({ default: true, description: 'Keep the response in memory for a while.' }),
    background: z
      .literal(false)
      .nullish()
      .meta({ description: 'Running in the background is not supported.' }),
    metadata: metadataSchema.nullish(),
    max_tool_calls: countSchema
      .nullish()
      .meta({ description: 'Of tools that run on the service: there are none.' }),
    seed: seedField,
    top_k: z.int().min(-1).max(MAX_INT32).nullish().meta({ default: 0, description: '0 and -1 are off.' }),
    timeout_ms: timeoutField,
    cache_salt: cacheSaltField,
    priority: priorityField,
    user: nameSchema.nullish(),
    prompt_cache_key: nameSchema.nullish().meta({ description: 'Repeated in the response, and ignored.' }),
    prompt_cache_retention: ignored,
    prompt_cache_options: ignored,
    safety_identifier: ignored,
    service_tier: ignored,
    client_metadata: ignored,
    access_programs: ignored,
    background_options: ignored,
    image: ignored,
    prompt: unsupported,
    context_management: unsupported,
    moderation: unsupported,
    ...otherResponseFields,
  })
  .meta({ id: 'ResponseRequest' });

export type ResponseInput = z.output<typeof responseRequestSchema>;

export const inputTokensRequestSchema = z
  .strictObject({ ...conversationFields, input: inputSchema.nullish(), personality: unsupported })
  .meta({ id: 'ResponseInputTokensRequest' });

export type InputTokensInput = z.output<typeof inputTokensRequestSchema>;
