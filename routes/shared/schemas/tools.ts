import type { ToolChoice, ToolDefinition } from '../../../src/generation/tools.ts';
import { clip, isRecord } from '../../../src/values.ts';
import { invalidField } from '../../../src/errors.ts';
import { jsonFault } from '../../../src/http/edge/json-body.ts';

/** Most tools of a request; OpenAI's. */
export const MAX_TOOLS = 128;

/** What every API says of a tool; null as if it were not there. */
interface ToolFields {
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly parameters?: Readonly<Record<string, unknown>> | null | undefined;
  readonly strict?: boolean | null | undefined;
}

/** @param param the request's field that the tool is, for messages */
export const toToolDefinition = (
  { name, description, parameters, strict }: ToolFields,
  param: string,
): ToolDefinition => ({
  name,
  param,
  ...(typeof description === 'string' ? { description } : {}),
  ...(parameters ? { parameters } : {}),
  ...(typeof strict === 'boolean' ? { strict } : {}),
});

/** A tool that a request names in its choice. */
interface NamedTool {
  readonly name: string;
  /** The field that names it. */
  readonly param: string;
}

/**
 * The tools that a choice allows.
 *
 * @throws EngineError `invalid_request` for the name of a tool that there is not
 */
export function allowedTools(
  tools: readonly ToolDefinition[],
  allowed: readonly NamedTool[],
): ToolDefinition[] {
  for (const { name, param } of allowed) checkIsThere(name, tools, param);
  return tools.filter((tool) => allowed.some(({ name }) => name === tool.name));
}

/** @throws EngineError `invalid_request` for two tools of a name */
export function checkToolNames(tools: readonly ToolDefinition[]): void {
  const names = new Set<string>();
  for (const { name, param } of tools) {
    if (names.has(name)) throw invalidField(`${param}.name`, `is '${name}', which another tool has`);
    names.add(name);
  }
}

/**
 * @param nameParam the field that names the one tool to be called
 * @throws EngineError `invalid_request` for a choice that the tools do not allow
 */
export function checkToolChoice(
  tools: readonly ToolDefinition[],
  choice: ToolChoice,
  nameParam: string,
): void {
  if (choice.type === 'named') checkIsThere(choice.name, tools, nameParam);
  if (choice.type === 'required' && tools.length === 0) {
    throw invalidField('tool_choice', 'calls a tool, but there are no tools');
  }
}

function checkIsThere(name: string, tools: readonly ToolDefinition[], param: string): void {
  if (tools.some((tool) => tool.name === name)) return;
  const names = tools.map((tool) => tool.name).join(', ');
  throw invalidField(
    param,
    names === ''
      ? 'names a tool, but there are no tools'
      : `is '${clip(name)}', which is none of the tools: ${clip(names)}`,
  );
}

/**
 * The arguments of a call in a conversation's history, as a template reads them: the object that the text is. A text that
 * is no JSON object, or has more in it than a body may, stays a text: a model wrote it, and the conversation goes on.
 */
export const readToolArguments = (text: string): Readonly<Record<string, unknown>> | string =>
  // The template's process and its interpreter read them by recursion.
  jsonFault(text) === undefined ? (parseToolArguments(text) ?? text) : text;

/** The object that a model wrote as a call's arguments; undefined where its text is none. */
export function parseToolArguments(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
