import type { GrammarSpec } from '../../grammar/grammar-spec.ts';
import { isSchema, propertiesOf } from '../schema-types.ts';
import type { ToolDefinition } from '../tools.ts';
import { choice, optional, repeat, sequence } from './tag-text.ts';

type Schema = Readonly<Record<string, unknown>>;

/** One of a tool's parameters. */
export interface Parameter {
  readonly key: string;
  readonly schema: unknown;
  readonly isRequired: boolean;
  /** The whole schema, where `$ref` points to. */
  readonly root: Schema;
  /** The request's field. */
  readonly param: string;
}

/** A tool that names no parameters takes none. */
export const NO_PARAMETERS: Schema = { type: 'object', properties: {}, additionalProperties: false };

/** The field of a tool's schema, for messages. */
export const parametersParam = ({ param, parametersParam: own }: ToolDefinition): string =>
  own ?? `${param}.parameters`;

export function parametersOf(tool: ToolDefinition): Parameter[] {
  const root = tool.parameters ?? NO_PARAMETERS;
  const required: unknown = root['required'];
  const names: readonly unknown[] = Array.isArray(required) ? required : [];
  return [...propertiesOf(root, root)].map(([key, schema]) => ({
    key,
    schema,
    isRequired: names.includes(key),
    root,
    param: `${parametersParam(tool)}.properties.${key}`,
  }));
}

/** A part of a schema that stands alone: what `$ref` points to comes with it. */
export function detachedSchema(schema: unknown, root: Schema): unknown {
  if (!isSchema(schema)) return schema;
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
