import type { GrammarSpec } from '../../grammar/grammar-spec.ts';
import type { StepBudget } from '../../step-budget.ts';
import { isSchema, SchemaReader, type AllowedTypes } from '../schema-types.ts';
import type { ToolDefinition } from '../tools.ts';
import { choice, optional, repeat, sequence } from './tag-text.ts';

type Schema = Readonly<Record<string, unknown>>;

/** One of a tool's parameters. */
export interface Parameter {
  readonly key: string;
  readonly schema: unknown;
  readonly isRequired: boolean;
  /** Of the whole schema, where `$ref` points to. */
  readonly reader: SchemaReader;
  /** The request's field. */
  readonly param: string;
}

/** Of a key, which is looked through for tags. */
const CHARACTERS_PER_STEP = 16;

/** A tool that names no parameters takes none. */
export const NO_PARAMETERS: Schema = { type: 'object', properties: {}, additionalProperties: false };

/** The field of a tool's schema, for messages. */
export const parametersParam = ({ param, parametersParam: own }: ToolDefinition): string =>
  own ?? `${param}.parameters`;

/** @throws EngineError `invalid_request` naming the field, where reading it takes more steps than the budget has */
export function parametersOf(tool: ToolDefinition, budget: StepBudget): Parameter[] {
  const root = tool.parameters ?? NO_PARAMETERS;
  const param = parametersParam(tool);
  return propertyList(root, new SchemaReader(root, param, budget), param);
}

/** The properties of an object's schema as parameters. */
export function propertyList(schema: unknown, reader: SchemaReader, param: string): Parameter[] {
  const listed: unknown = isSchema(schema) ? schema['required'] : undefined;
  const required: ReadonlySet<unknown> = new Set(Array.isArray(listed) ? listed : []);
  reader.take(required.size);
  return [...reader.properties(schema)].map(([key, property]) => {
    reader.take(1 + key.length / CHARACTERS_PER_STEP);
    return {
      key,
      schema: property,
      isRequired: required.has(key),
      reader,
      param: `${param}.properties.${key}`,
    };
  });
}

/** The types of a tool's parameters, by name. */
export const parameterTypes = (tool: ToolDefinition, budget: StepBudget): ReadonlyMap<string, AllowedTypes> =>
  new Map(parametersOf(tool, budget).map(({ key, schema, reader }) => [key, reader.types(schema)]));

/** A part of a schema that stands alone: what `$ref` points to comes with it. */
export function detachedSchema(schema: unknown, reader: SchemaReader): unknown {
  if (!isSchema(schema)) return schema;
  const { root } = reader;
  reader.take(Object.keys(schema).length);
  const definitions = ['$defs', 'definitions'].filter((key) => root[key] !== undefined && !(key in schema));
  return { ...schema, ...Object.fromEntries(definitions.map((key) => [key, root[key]])) };
}

/**
 * Arguments in a list with separators: the required ones in the schema's order, then the others that the model wants.
 * @param items of the same order as `parameters`
 */
export function argumentList(
  parameters: readonly Parameter[],
  items: readonly GrammarSpec[],
  separator: GrammarSpec,
): GrammarSpec {
  const required = items.filter((_, index) => parameters[index]?.isRequired === true);
  const others = items.filter((_, index) => parameters[index]?.isRequired !== true);
  const [first, ...rest] = required;
  if (first !== undefined) {
    const tail = [
      ...rest.map((item) => sequence(separator, item)),
      ...others.map((item) => optional(sequence(separator, item))),
    ];
    return sequence(first, ...tail);
  }
  if (others.length === 0) return sequence();
  // Which of them comes first is open, and with it where the separators stand.
  const one = choice(others);
  if (others.length === 1) return optional(one);
  return optional(sequence(one, repeat(sequence(separator, one), 0, others.length - 1)));
}
