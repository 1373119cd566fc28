import type { GrammarSpec } from '../../grammar/grammar-spec.ts';
import type { StepBudget } from '../../step-budget.ts';
import { isSchema, SchemaReader, type AllowedTypes } from '../schema-types.ts';
import type { ToolDefinition } from '../tools.ts';

/** Special tokens that stand in texts, by what they are written as. */
export type TagTokens = ReadonlyMap<string, number>;

/** Of a vocabulary's special tokens, those that stand in one of these texts. */
export function tagTokensIn(texts: readonly string[], specialTokens: TagTokens): TagTokens {
  const all = texts.join('\n');
  return new Map([...specialTokens].filter(([name]) => name !== '' && all.includes(name)));
}

/** A text as a grammar has it: special tokens are no text. */
export function tagText(text: string, tokens: TagTokens): GrammarSpec[] {
  const names = [...tokens.keys()].sort((a, b) => b.length - a.length);
  const specs: GrammarSpec[] = [];
  let literal = '';
  for (let at = 0; at < text.length;) {
    const name = names.find((one) => text.startsWith(one, at));
    if (name === undefined) {
      literal += text.charAt(at++);
      continue;
    }
    if (literal !== '') specs.push({ type: 'literal', text: literal });
    literal = '';
    specs.push({ type: 'specialToken', name });
    at += name.length;
  }
  return literal === '' ? specs : [...specs, { type: 'literal', text: literal }];
}

/** Text up to one of these tags; a tag that is a special token is no text, so that no text holds it. */
export const textBefore = (tags: readonly string[], tokens: TagTokens): GrammarSpec => ({
  type: 'textWithout',
  stops: tags.filter((tag) => ![...tokens.keys()].some((name) => tag.includes(name))),
});

/** One after the other; a sequence in it is a part of it. */
export function sequence(...parts: readonly (GrammarSpec | readonly GrammarSpec[])[]): GrammarSpec {
  const items = parts.flat().flatMap((item) => (item.type === 'sequence' ? item.items : [item]));
  const [only] = items;
  return only !== undefined && items.length === 1 ? only : { type: 'sequence', items };
}

export function choice(items: readonly GrammarSpec[]): GrammarSpec {
  const [only] = items;
  return only !== undefined && items.length === 1 ? only : { type: 'choice', items };
}

export const repeat = (item: GrammarSpec, min: number, max: number | undefined): GrammarSpec => ({
  type: 'repeat',
  item,
  min,
  max,
});

export const optional = (item: GrammarSpec): GrammarSpec => repeat(item, 0, 1);

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
