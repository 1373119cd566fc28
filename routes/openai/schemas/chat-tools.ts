import { z } from 'zod';
import type { ToolChoice, ToolDefinition } from '../../../src/chat/tools.ts';
import { clip } from '../../../src/clip.ts';
import { invalidField } from '../../../src/errors.ts';
import { isRecord } from '../../../src/is-record.ts';
import { textSchema } from '../../shared/schemas/bounds.ts';

/** OpenAI's. */
const MAX_TOOLS = 128;
const TOOL_NAME = /^[a-zA-Z0-9_-]{1,64}$/;

const toolNameSchema = z
  .string()
  .regex(TOOL_NAME, 'must have 1 to 64 letters, digits, underscores and dashes');

const parametersSchema = z
  .custom<Readonly<Record<string, unknown>>>(isRecord, 'must be a JSON Schema of an object')
  .meta({
    description: 'A JSON Schema of the arguments; without it there are none.',
    override: { type: 'object' },
  });

const functionSchema = z
  .object({
    name: toolNameSchema,
    description: textSchema.nullish(),
    parameters: parametersSchema.nullish(),
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
const namedTool = z.object({ type: z.literal('function'), function: namedFunction });
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

export interface ToolDemand {
  readonly tools: readonly ToolDefinition[];
  readonly toolChoice: ToolChoice;
  /** False: at most one call. */
  readonly allowsParallelCalls: boolean;
}

/** Whether a client speaks of functions, as before there were tools: its answer has one `function_call`. */
export const usesFunctions = ({ functions }: Pick<ToolInput, 'functions'>): boolean =>
  (functions?.length ?? 0) > 0;

/** @throws EngineError `invalid_request` for a choice of a tool that is not there, or two tools of a name */
export function toToolDemand(input: ToolInput): ToolDemand {
  const tools = (input.tools ?? []).map(({ function: given }, index) =>
    toDefinition(given, `tools[${index}].function`),
  );
  if (usesFunctions(input)) return toFunctionDemand(input, tools);
  if (typeof (input.function_call ?? 'none') !== 'string') throw noTools('function_call', 'functions');
  const chosen = chooseTools(tools, input.tool_choice, 'tool_choice.function.name');
  return { ...chosen, allowsParallelCalls: input.parallel_tool_calls ?? true };
}

/** The older fields. */
function toFunctionDemand(
  { functions, function_call: choice, tool_choice: newer }: ToolInput,
  tools: readonly ToolDefinition[],
): ToolDemand {
  if (tools.length > 0) throw invalidField('functions', 'is the older name of tools: send one of them');
  if ((newer ?? 'auto') !== 'auto') {
    throw invalidField('tool_choice', 'goes with tools; with functions send function_call');
  }
  const definitions = (functions ?? []).map((given, index) => toDefinition(given, `functions[${index}]`));
  const asNewer = typeof choice === 'object' && choice !== null ? toNamedTool(choice) : choice;
  return { ...chooseTools(definitions, asNewer, 'function_call.name'), allowsParallelCalls: false };
}

const toNamedTool = (choice: { name: string }): z.output<typeof namedTool> => ({
  type: 'function',
  function: choice,
});

/** @param nameParam the field that names one function */
function chooseTools(
  tools: readonly ToolDefinition[],
  choice: ToolInput['tool_choice'],
  nameParam: string,
): Pick<ToolDemand, 'tools' | 'toolChoice'> {
  checkNames(tools);
  const chosen = choice ?? 'auto';
  if (tools.length === 0) {
    if (chosen !== 'auto' && chosen !== 'none') throw noTools('tool_choice', 'tools');
    return { tools, toolChoice: { type: 'none' } };
  }
  if (typeof chosen === 'string') return { tools, toolChoice: { type: chosen } };
  if (chosen.type === 'function') {
    const { name } = chosen.function;
    checkIsThere(name, tools, nameParam);
    return { tools, toolChoice: { type: 'named', name } };
  }
  const { mode, tools: allowed } = chosen.allowed_tools;
  const names = allowed.map(({ function: { name } }, index) => {
    checkIsThere(name, tools, `tool_choice.allowed_tools.tools[${index}].function.name`);
    return name;
  });
  return { tools: tools.filter(({ name }) => names.includes(name)), toolChoice: { type: mode } };
}

function checkIsThere(name: string, tools: readonly ToolDefinition[], param: string): void {
  if (tools.some((tool) => tool.name === name)) return;
  const names = clip(tools.map((tool) => tool.name).join(', '));
  throw invalidField(param, `is '${name}', which is none of the tools: ${names}`);
}

function checkNames(tools: readonly ToolDefinition[]): void {
  const seen = new Set<string>();
  for (const { name, param } of tools) {
    if (seen.has(name)) throw invalidField(`${param}.name`, `is '${name}', which another tool has`);
    seen.add(name);
  }
}

const noTools = (param: string, list: string): Error =>
  invalidField(param, `calls a tool, but there are no ${list}`);

function toDefinition(given: z.output<typeof functionSchema>, param: string): ToolDefinition {
  const { name, description, parameters, strict } = given;
  return {
    name,
    param,
    ...(typeof description === 'string' ? { description } : {}),
    ...(parameters ? { parameters } : {}),
    ...(typeof strict === 'boolean' ? { strict } : {}),
  };
}
