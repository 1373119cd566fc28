import * as z from 'zod';
import type { Conversation } from '../../../src/generation/generation-request.ts';
import type { ToolDefinition } from '../../../src/generation/tools.ts';
import { clip } from '../../../src/values.ts';
import { invalidField } from '../../../src/errors.ts';
import { textSchema } from '../../shared/schemas/bounds.ts';
import { jsonSchemaSchema } from '../../shared/schemas/json-object.ts';
import { allowedTools, checkToolNames, MAX_TOOLS, toToolDefinition } from '../../shared/schemas/tools.ts';

/** OpenAI's. */
const TOOL_NAME = /^[a-zA-Z0-9_-]{1,64}$/;

const toolNameSchema = z
  .string()
  .regex(TOOL_NAME, 'must have 1 to 64 letters, digits, underscores and dashes');

const functionSchema = z
  .object({
    name: toolNameSchema,
    description: textSchema.nullish(),
    parameters: jsonSchemaSchema
      .nullish()
      .meta({ description: 'A JSON Schema of the arguments; without it there are none.' }),
    strict: z.boolean().nullish().meta({
      default: false,
      description: 'The arguments keep to the schema also where the model chose to call the function.',
    }),
  })
  .meta({ id: 'ChatFunction' });

const typeSchema = z
  .string()
  .refine((type) => type === 'function', {
    error: ({ input }) =>
      `must be "function", not ${JSON.stringify(clip(String(input)))}: tools are functions here`,
  })
  .meta({ override: { const: 'function' } });

const toolSchema = z.object({ type: typeSchema, function: functionSchema }).meta({ id: 'ChatTool' });

const namedFunction = z.object({ name: toolNameSchema });
export const namedTool = z.object({ type: z.literal('function'), function: namedFunction });
const MODES = ['none', 'auto', 'required'] as const;

const toolChoiceSchema = z
  .union(
    [
      z.enum(MODES),
      namedTool,
      z.object({
        type: z.literal('allowed_tools'),
        allowed_tools: z.object({
          mode: z.enum(['auto', 'required']),
          tools: z.array(namedTool).min(1).max(MAX_TOOLS),
        }),
      }),
    ],
    {
      error:
        'must be "none", "auto", "required", {"type": "function", "function": {"name": …}} or ' +
        '{"type": "allowed_tools", "allowed_tools": {"mode": "auto" or "required", "tools": […]}}',
    },
  )
  .meta({ id: 'ChatToolChoice' });

/** OpenAI's fields, and the older ones that they took the place of. */
export const toolFields = {
  tools: z.array(toolSchema).max(MAX_TOOLS).nullish(),
  tool_choice: toolChoiceSchema.nullish().meta({ description: 'By default `auto` with tools.' }),
  parallel_tool_calls: z.boolean().nullish().meta({ default: true, description: 'False: at most one call.' }),
  functions: z
    .array(functionSchema)
    .max(MAX_TOOLS)
    .nullish()
    .meta({ description: 'The older name of `tools`; the answer then has `function_call`.' }),
  function_call: z
    .union([z.enum(['none', 'auto']), namedFunction], { error: 'must be "none", "auto" or {"name": …}' })
    .nullish()
    .meta({ description: 'The older name of `tool_choice`.' }),
};

type ToolInput = z.output<z.ZodObject<typeof toolFields>>;

type ToolFields = Pick<Conversation, 'tools' | 'toolChoice' | 'allowsParallelCalls'> & {
  /** The field that names the one tool to be called, for messages. */
  readonly toolNameParam: string;
};

/** Whether a client speaks of functions, as before there were tools: its answer has one `function_call`. */
export const usesFunctions = ({ functions }: Pick<ToolInput, 'functions'>): boolean =>
  (functions?.length ?? 0) > 0;

/** @throws EngineError `invalid_request` for fields that contradict each other, or allow a tool that is not there */
export function toToolFields(input: ToolInput): ToolFields {
  const tools = (input.tools ?? []).map(({ function: given }, index) =>
    toToolDefinition(given, `tools[${index}].function`),
  );
  if (usesFunctions(input)) return toFunctionFields(input, tools);
  if (typeof (input.function_call ?? 'none') !== 'string') {
    throw invalidField('function_call', 'calls a tool, but there are no functions');
  }
  return {
    ...chooseTools(tools, input.tool_choice ?? 'auto'),
    allowsParallelCalls: input.parallel_tool_calls ?? true,
    toolNameParam: 'tool_choice.function.name',
  };
}

/** The older fields. */
function toFunctionFields(
  { functions, function_call: choice, tool_choice: newer }: ToolInput,
  newerTools: readonly ToolDefinition[],
): ToolFields {
  if (newerTools.length > 0) throw invalidField('functions', 'is the older name of tools: send one of them');
  if ((newer ?? 'auto') !== 'auto') {
    throw invalidField('tool_choice', 'goes with tools; with functions send function_call');
  }
  const chosen = choice ?? 'auto';
  return {
    tools: (functions ?? []).map((given, index) => toToolDefinition(given, `functions[${index}]`)),
    toolChoice: typeof chosen === 'string' ? { type: chosen } : { type: 'named', name: chosen.name },
    allowsParallelCalls: false,
    toolNameParam: 'function_call.name',
  };
}

function chooseTools(
  tools: readonly ToolDefinition[],
  choice: NonNullable<ToolInput['tool_choice']>,
): Pick<ToolFields, 'tools' | 'toolChoice'> {
  if (choice === 'auto' && tools.length === 0) return { tools, toolChoice: { type: 'none' } };
  if (typeof choice === 'string') return { tools, toolChoice: { type: choice } };
  if (choice.type === 'function') return { tools, toolChoice: { type: 'named', name: choice.function.name } };
  // Also those of tools that are not allowed.
  checkToolNames(tools);
  const { mode, tools: allowed } = choice.allowed_tools;
  const named = allowed.map(({ function: { name } }, index) => ({
    name,
    param: `tool_choice.allowed_tools.tools[${index}].function.name`,
  }));
  return { tools: allowedTools(tools, named), toolChoice: { type: mode } };
}
