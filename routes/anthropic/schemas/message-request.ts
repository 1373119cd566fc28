import * as z from 'zod';
import { boundedList } from '../../shared/schemas/lists.ts';
import { countSchema, MAX_INT32, MAX_MESSAGES, nameSchema, textSchema } from '../../shared/schemas/bounds.ts';
import {
  cacheSaltField,
  ignored,
  modelField,
  seedField,
  timeoutField,
  unsupported,
} from '../../shared/schemas/common-fields.ts';
import { jsonSchemaSchema } from '../../shared/schemas/json-object.ts';
import { REASONING_EFFORTS } from '../../shared/schemas/reasoning-effort.ts';
import { taggedUnion } from '../../shared/schemas/tagged-union.ts';
import { MAX_TOOLS } from '../../shared/schemas/tools.ts';
import { contentSchema, textBlocksSchema } from './message-blocks.ts';
import { topPSchema } from '../../shared/schemas/top-p.ts';

const MAX_STOP_SEQUENCES = 16;
const MAX_STOP_LENGTH = 1000;

const messageSchema = z
  .strictObject({
    role: z.enum(['user', 'assistant', 'system']).meta({ description: '`system` stays where it stands.' }),
    content: contentSchema,
  })
  .meta({ id: 'MessageParam' });
export type MessageParam = z.output<typeof messageSchema>;

/** Tools of another type run at Anthropic, or have a form that only its models know. */
const toolSchema = z
  .strictObject({
    type: z
      .literal('custom', {
        error:
          'must be "custom" or left out: this service runs no tools, and models know no tool by its type alone',
      })
      .nullish(),
    name: z.string().regex(/^[\w-]{1,128}$/, 'must have 1 to 128 letters, digits, - and _'),
    description: textSchema.nullish(),
    input_schema: jsonSchemaSchema,
    strict: z.boolean().nullish().meta({ description: 'Hold the input to the schema in any case.' }),
    cache_control: ignored,
    allowed_callers: ignored,
    defer_loading: ignored,
    eager_input_streaming: ignored,
    input_examples: ignored,
  })
  .meta({ id: 'MessageTool' });
export type ToolInput = z.output<typeof toolSchema>;

const parallel = { disable_parallel_tool_use: z.boolean().nullish() };
const toolChoiceSchema = taggedUnion(
  ['auto', 'any', 'tool', 'none'],
  [
    z.strictObject({ type: z.literal('auto'), ...parallel }),
    z.strictObject({ type: z.literal('any'), ...parallel }),
    z.strictObject({ type: z.literal('tool'), name: nameSchema, ...parallel }),
    z.strictObject({ type: z.literal('none') }),
  ],
  'there are no other choices',
);
export type ToolChoiceInput = z.output<typeof toolChoiceSchema>;

const display = { display: z.enum(['summarized', 'omitted']).nullish() };
const budgetSchema = z.int().min(0).max(MAX_INT32).meta({
  description: 'Most tokens of thinking; then the answer begins. Below `max_tokens`.',
});
const thinkingSchema = taggedUnion(
  ['enabled', 'adaptive', 'disabled'],
  [
    z.strictObject({ type: z.literal('enabled'), budget_tokens: budgetSchema, ...display }),
    z.strictObject({ type: z.literal('adaptive'), ...display }),
    z.strictObject({ type: z.literal('disabled') }),
  ],
  'these are the ways to think',
);

const outputFormatSchema = taggedUnion(
  ['json_schema'],
  [z.strictObject({ type: z.literal('json_schema'), schema: jsonSchemaSchema })],
  'it is the only format beside text',
).nullish();

/** Fields that a request and the count of its tokens share. */
const conversationFields = {
  model: modelField,
  messages: boundedList(messageSchema, MAX_MESSAGES, 1),
  system: textBlocksSchema.nullish(),
  tools: boundedList(toolSchema, MAX_TOOLS).nullish(),
  tool_choice: toolChoiceSchema
    .nullish()
    .meta({ id: 'MessageToolChoice', description: '`auto` by default.' }),
  thinking: thinkingSchema
    .nullish()
    .meta({ id: 'MessageThinking', description: 'By default the model does not think.' }),
  output_config: z
    .strictObject({
      effort: z.enum(REASONING_EFFORTS).exclude(['none', 'minimal']).nullish(),
      format: outputFormatSchema,
    })
    .nullish()
    .meta({ id: 'MessageOutputConfig' }),
  output_format: outputFormatSchema.meta({
    description: 'The older name of `output_config.format`, which LiteLLM sends.',
  }),
  cache_control: ignored,
  context_management: ignored,
  speed: ignored,
  user_profile_id: ignored,
  workspace_id: ignored,
  mcp_servers: unsupported,
};

const stopSequence = z.string().min(1).max(MAX_STOP_LENGTH);

export const messageRequestSchema = z
  .strictObject({
    ...conversationFields,
    max_tokens: countSchema.meta({
      description: 'Where the context has less room, the answer ends with `model_context_window_exceeded`.',
    }),
    stop_sequences: boundedList(stopSequence, MAX_STOP_SEQUENCES).nullish(),
    stream: z.boolean().nullish().meta({ default: false }),
    temperature: z.number().min(0).max(2).nullish().meta({ default: 1, description: '0 is greedy.' }),
    top_p: topPSchema.nullish().meta({ default: 1 }),
    top_k: z.int().min(0).max(MAX_INT32).nullish().meta({ default: 0, description: '0 is off.' }),
    seed: seedField,
    timeout_ms: timeoutField,
    cache_salt: cacheSaltField,
    metadata: ignored,
    service_tier: ignored,
    inference_geo: ignored,
    diagnostics: ignored,
    container: unsupported,
    thread: unsupported,
  })
  .meta({ id: 'MessageRequest' });

export type MessageInput = z.output<typeof messageRequestSchema>;

export const countTokensRequestSchema = z
  .strictObject(conversationFields)
  .meta({ id: 'MessageCountTokensRequest' });

export type CountTokensInput = z.output<typeof countTokensRequestSchema>;
