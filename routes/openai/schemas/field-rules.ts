import type * as z from 'zod';
import type { oas31 } from 'zod-openapi';
import { readPresentFields } from '../../shared/schemas/present-fields.ts';

type Body = Readonly<Record<string, unknown>>;

/** What one field of a body demands of the others, as code and as the OpenAPI document states it. */
export interface FieldRule {
  /** The field that is at fault where the rule is broken. */
  readonly field: string;
  readonly holds: (body: Body) => boolean;
  /** Goes on after the field's name. */
  readonly complaint: string;
  /** JSON Schema of the same. */
  readonly condition: oas31.SchemaObject;
}

/** In JSON Schema: a body whose field is like that. */
const has = (field: string, value: oas31.SchemaObject): oas31.SchemaObject => ({
  required: [field],
  properties: { [field]: value },
});

/** A body that is like the first is like the second as well. */
const implies = (one: oas31.SchemaObject, other: oas31.SchemaObject): oas31.SchemaObject => ({
  anyOf: [{ not: one }, other],
});

export const STREAM_OPTIONS_RULE: FieldRule = {
  field: 'stream_options',
  holds: (body) => (body['stream_options'] ?? null) === null || body['stream'] === true,
  complaint: 'is allowed only with stream',
  condition: implies(has('stream_options', { type: 'object' }), has('stream', { const: true })),
};

export const NO_TOKENS_RULE: FieldRule = {
  field: 'max_tokens',
  holds: (body) => body['max_tokens'] !== 0 || body['echo'] === true,
  complaint: 'may be 0 only with echo',
  condition: implies(has('max_tokens', { const: 0 }), has('echo', { const: true })),
};

export const TOP_LOGPROBS_RULE: FieldRule = {
  field: 'top_logprobs',
  holds: (body) => !(Number(body['top_logprobs']) > 0) || body['logprobs'] === true,
  complaint: 'is allowed only with logprobs: true',
  condition: implies(
    has('top_logprobs', { type: 'integer', exclusiveMinimum: 0 }),
    has('logprobs', { const: true }),
  ),
};

export const FITTING_RULE: FieldRule = {
  field: 'truncate_prompt_tokens',
  holds: (body) =>
    body['truncate_prompt_tokens'] !== -1 ||
    Number(body['max_completion_tokens'] ?? body['max_tokens'] ?? 0) > 0,
  complaint: '-1 needs a number in max_completion_tokens: else it is not known how many fit',
  condition: implies(has('truncate_prompt_tokens', { const: -1 }), {
    anyOf: ['max_completion_tokens', 'max_tokens'].map((field) =>
      has(field, { type: 'integer', minimum: 1 }),
    ),
  }),
};

export const ONE_FIT_RULE: FieldRule = {
  field: 'truncate_prompt_tokens',
  holds: (body) => body['truncate_prompt_tokens'] !== -1 || body['max_tokens'] !== -1,
  complaint: 'and max_tokens are both -1: at most one of them can take the room that the other leaves',
  condition: implies(has('truncate_prompt_tokens', { const: -1 }), {
    not: has('max_tokens', { const: -1 }),
  }),
};

export const NO_NEW_MESSAGE_RULE: FieldRule = {
  field: 'continue_final_message',
  holds: (body) => body['continue_final_message'] !== true || body['add_generation_prompt'] !== true,
  complaint:
    'goes on with the last message, and add_generation_prompt: true begins another; send one of them',
  condition: implies(has('continue_final_message', { const: true }), {
    not: has('add_generation_prompt', { const: true }),
  }),
};

export const NEW_MESSAGE_RULE: FieldRule = {
  field: 'add_generation_prompt',
  holds: (body) => body['add_generation_prompt'] !== false || body['continue_final_message'] === true,
  complaint:
    'is false, which is supported with continue_final_message: true alone; else the assistant answers',
  condition: implies(
    has('add_generation_prompt', { const: false }),
    has('continue_final_message', { const: true }),
  ),
};

/** The schema with rules, which the document states under `id`. */
export function withRules<Shape extends z.core.$ZodShape, Config extends z.core.$ZodObjectConfig>(
  schema: z.ZodObject<Shape, Config>,
  id: string,
  rules: readonly FieldRule[],
): z.ZodObject<Shape, Config> {
  const ruled = schema
    .superRefine((body: Body, context) => {
      const broken = rules.find(({ holds }) => !holds(body));
      if (broken === undefined) return;
      context.addIssue({ code: 'custom', path: [broken.field], message: broken.complaint });
    })
    .meta({ id, override: { allOf: rules.map(({ condition }) => condition) } });
  return readPresentFields(ruled);
}
