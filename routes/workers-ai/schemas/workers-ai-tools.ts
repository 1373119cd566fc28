import { z } from 'zod';
import type { ToolChoice, ToolDefinition } from '../../../src/chat/tools.ts';
import { invalidField } from '../../../src/errors.ts';
import { isRecord } from '../../../src/is-record.ts';
import { nameSchema, textSchema } from '../../shared/schemas/bounds.ts';

const MAX_TOOLS = 128;
/** Of `nameSchema`. */
const MAX_NAME_LENGTH = 512;

const toolNameSchema = nameSchema.min(1);
const parametersSchema = z
  .custom<Readonly<Record<string, unknown>>>(isRecord, 'must be a JSON Schema of an object')
  .meta({
    description: 'A JSON Schema of its arguments; without it there are none.',
    override: { type: 'object' },
  });

const functionSchema = z.strictObject({
  name: toolNameSchema,
  description: textSchema.nullish(),
  parameters: parametersSchema.nullish(),
  strict: z.boolean().nullish(),
});

const toolSchema = z
  .strictObject({
    type: z.literal('function').nullish(),
    function: functionSchema.nullish(),
    name: toolNameSchema.nullish(),
    description: textSchema.nullish(),
    parameters: parametersSchema.nullish(),
    strict: z.boolean().nullish().meta({
      description: 'Its arguments follow the schema also where the model chose to call it.',
    }),
  })
  .meta({
    id: 'WorkersAiTool',
    description: 'Either `name`, `description` and `parameters`, or `function` with them.',
  });

export const workersAiToolsSchema = z.array(toolSchema).max(MAX_TOOLS);

const CHOICES = ['auto', 'none', 'required'] as const;

const namedChoiceSchema = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({ name: toolNameSchema }),
});

/** The same for the OpenAPI document. */
const NAMED_CHOICE = {
  type: 'object' as const,
  properties: {
    type: { const: 'function' },
    function: {
      type: 'object' as const,
      properties: { name: { type: 'string' as const, minLength: 1, maxLength: MAX_NAME_LENGTH } },
      required: ['name'],
      additionalProperties: false,
    },
  },
  required: ['type', 'function'],
  additionalProperties: false,
};

export const workersAiToolChoiceSchema = z
  .unknown()
  .refine(
    (value) => readChoice(value) !== undefined,
    "must be 'auto', 'none', 'required' or {type: 'function', function: {name}}",
  )
  .meta({ override: { anyOf: [{ type: 'string', enum: [...CHOICES] }, NAMED_CHOICE] } });

type Tool = z.output<typeof toolSchema>;

function readChoice(value: unknown): ToolChoice | undefined {
  const type = CHOICES.find((choice) => choice === value);
  if (type !== undefined) return { type };
  const named = namedChoiceSchema.safeParse(value);
  return named.success ? { type: 'named', name: named.data.function.name } : undefined;
}

/**
 * Both forms of Cloudflare's tools.
 *
 * @throws EngineError `invalid_request` for a tool that is in neither form or in both, and for a name that comes twice
 */
export function toToolDefinitions(tools: readonly Tool[]): ToolDefinition[] {
  const definitions = tools.map(toToolDefinition);
  const names = new Set<string>();
  for (const { name, param } of definitions) {
    if (names.has(name)) throw invalidField(`${param}.name`, 'is the name of a tool before it');
    names.add(name);
  }
  return definitions;
}

const FLAT_FIELDS = ['name', 'description', 'parameters', 'strict'] as const;

function toToolDefinition(tool: Tool, index: number): ToolDefinition {
  const place = `tools[${index}]`;
  const { function: nested } = tool;
  const isFlat = FLAT_FIELDS.some((field) => (tool[field] ?? undefined) !== undefined);
  if (nested !== undefined && nested !== null && isFlat) {
    throw invalidField(
      `${place}.function`,
      'stands beside fields of its own; write the tool in one of the two forms',
    );
  }
  const { name, description, parameters, strict } = nested ?? tool;
  if (name === undefined || name === null) throw invalidField(`${place}.name`, 'is required');
  return {
    name,
    ...(typeof description === 'string' ? { description } : {}),
    ...(parameters === undefined || parameters === null ? {} : { parameters }),
    ...(strict === true ? { strict } : {}),
    param: nested === undefined || nested === null ? place : `${place}.function`,
  };
}

/**
 * Which tools the model may call.
 *
 * @throws EngineError `invalid_request` for a choice that the tools do not allow
 */
export function toToolChoice(value: unknown, tools: readonly ToolDefinition[]): ToolChoice {
  const choice = readChoice(value ?? 'auto') ?? { type: 'auto' };
  if (choice.type === 'named') {
    if (tools.some(({ name }) => name === choice.name)) return choice;
    throw invalidField('tool_choice.function.name', 'is the name of none of the tools');
  }
  if (choice.type === 'required' && tools.length === 0) {
    throw invalidField('tool_choice', "is 'required', but there are no tools");
  }
  return choice;
}
