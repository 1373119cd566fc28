import type { GrammarSpec } from '../../grammar/grammar-spec.ts';
import type { TaggedFormat } from '../../chat-template/format/chat-format.ts';
import type { StepBudget } from '../../step-budget.ts';
import { isSchema, type SchemaReader } from '../schema-types.ts';
import type { ToolDefinition } from '../tools.ts';
import {
  detachedSchema,
  parametersOf,
  type Parameter,
  choice,
  optional,
  repeat,
  sequence,
  tagText,
  textBefore,
  type TagTokens,
} from './argument-list.ts';

/**
 * The arguments of a call in tags. Texts stand without quotation marks: of their schemas `enum` and `const` are kept to,
 * `pattern` and lengths are not.
 * @param isStrict else any of the tool's parameters, in any order, with any text
 */
export function taggedArguments(
  format: TaggedFormat,
  tool: ToolDefinition,
  isStrict: boolean,
  { tokens, budget }: { tokens: TagTokens; budget: StepBudget },
): GrammarSpec {
  const parameters = parametersOf(tool, budget);
  const argument = (parameter: Parameter): GrammarSpec => {
    const value = isStrict
      ? valueOf(parameter, format, tokens)
      : { spec: anyText(format, tokens), isText: true };
    return sequence(
      tagText(format.keyOpen + parameter.key + openingOf(format, value.isText), tokens),
      value.spec,
      tagText(format.valueClose, tokens),
    );
  };
  if (isStrict) {
    return sequence(
      ...parameters.map((parameter) =>
        parameter.isRequired ? argument(parameter) : optional(argument(parameter)),
      ),
    );
  }
  return parameters.length === 0 ? sequence() : repeat(choice(parameters.map(argument)), 0, undefined);
}

/** DeepSeek's tag says whether the value is a text. */
const openingOf = ({ valueOpen }: TaggedFormat, isText: boolean): string =>
  isText ? valueOpen : valueOpen.replace('"true"', '"false"');

const anyText = ({ valueClose }: TaggedFormat, tokens: TagTokens): GrammarSpec =>
  textBefore([valueClose.trim()], tokens);

function valueOf(
  { schema, reader, param }: Parameter,
  format: TaggedFormat,
  tokens: TagTokens,
): { spec: GrammarSpec; isText: boolean } {
  const types = reader.types(schema);
  if (types === undefined || types.has('string')) {
    const texts = types?.size === 1 && isSchema(schema) ? textsOf(schema, reader) : undefined;
    const spec =
      texts === undefined
        ? anyText(format, tokens)
        : choice(texts.map((text): GrammarSpec => ({ type: 'literal', text })));
    return { spec, isText: true };
  }
  return { spec: { type: 'jsonSchema', schema: detachedSchema(schema, reader), param }, isText: false };
}

function textsOf(schema: Readonly<Record<string, unknown>>, reader: SchemaReader): string[] | undefined {
  const { enum: values, const: constant } = schema;
  const listed: readonly unknown[] =
    constant === undefined ? (Array.isArray(values) ? (values as unknown[]) : []) : [constant];
  reader.take(listed.length);
  const texts = listed.filter((value) => typeof value === 'string');
  return texts.length === 0 ? undefined : texts;
}
