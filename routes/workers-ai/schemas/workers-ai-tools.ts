import * as z from 'zod';
import type { ToolChoice, ToolDefinition } from '../../../src/generation/tools.ts';
import { invalidField } from '../../../src/errors.ts';
import { nameSchema, textSchema } from '../../shared/schemas/bounds.ts';
import { jsonSchemaSchema } from '../../shared/schemas/json-object.ts';
import { MAX_TOOLS, toToolDefinition } from '../../shared/schemas/tools.ts';

const toolNameSchema = nameSchema.min(1);

const parametersSchema = jsonSchemaSchema
  .nullish()
  .meta({ description: 'A JSON Schema of its arguments; without it there are none.' });

const functionSchema = z.strictObject({
  name: toolNameSchema,
  description: textSchema.nullish(),
  parameters: parametersSchema,
  strict: z.boolean().nullish(),
});

const toolSchema = z
  .strictObject({
    type: z.literal('function').nullish(),
    function: functionSchema.nullish(),
    name: toolNameSchema.nullish(),
    description: textSchema.nullish(),
    parameters: parametersSchema,
    strict: z.boolean().nullish().meta({
      description: 'Its arguments follow the schema also where the model chose to call it.',
    }),
  })
  .meta({
    id: 'WorkersAiTool',
    description: 'Either `name`, `description` and `parameters`, or `function` with them.',
  });

export const workersAiToolsSchema = z.array(toolSchema).max(MAX_TOOLS);

const namedChoiceSchema = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({ name: toolNameSchema }),
});

export const workersAiToolChoiceSchema = z.union([z.enum(['auto', 'none', 'required']), namedChoiceSchema], {
  error: "must be 'auto', 'none', 'required' or {type: 'function', function: {name}}",
});

type Tool = z.output<typeof toolSchema>;

const FLAT_FIELDS = ['name', 'description', 'parameters', 'strict'] as const;

/**
 * Either form of Cloudflare's tools.
 *
 * @param index its index in the request
 * @throws EngineError `invalid_request` for a tool that is in neither form or in both
 */
export function toDefinition(tool: Tool, index: number): ToolDefinition {
  const path = `tools[${index}]`;
  const { function: nested } = tool;
  const isFlat = FLAT_FIELDS.some((field) => (tool[field] ?? undefined) !== undefined);
  if (nested !== undefined && nested !== null && isFlat) {
    throw invalidField(
      `${path}.function`,
      'stands beside fields of its own; write the tool in one of the two forms',
    );
  }
  if (nested) return toToolDefinition(nested, `${path}.function`);
  const { name } = tool;
  if (name === undefined || name === null) throw invalidField(`${path}.name`, 'is required');
  return toToolDefinition({ ...tool, name }, path);
}

/** Which tools the model may call. */
export const toToolChoice = (choice: z.output<typeof workersAiToolChoiceSchema>): ToolChoice =>
  typeof choice === 'string' ? { type: choice } : { type: 'named', name: choice.function.name };
