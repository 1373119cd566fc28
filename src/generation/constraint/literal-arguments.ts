import type { GrammarSpec } from '../../grammar/grammar-spec.ts';
import type { StepBudget } from '../../step-budget.ts';
import { isSchema, type SchemaReader } from '../schema-types.ts';
import type { ToolDefinition } from '../tools.ts';
import {
  argumentList,
  detachedSchema,
  parametersOf,
  propertyList,
  type Parameter,
  choice,
  repeat,
  sequence,
  tagText,
  textBefore,
  type TagTokens,
} from './argument-list.ts';

const MAX_LEVELS = 8;
const literal = (text: string): GrammarSpec => ({ type: 'literal', text });

/** `a="x", b=2, c=True`: JSON's texts, numbers, lists and objects are Python's as well, its words are not. */
export function pythonicArguments(tool: ToolDefinition, budget: StepBudget): GrammarSpec {
  const parameters = parametersOf(tool, budget);
  const items = parameters.map((parameter) =>
    sequence(literal(`${parameter.key}=`), pythonicValue(parameter)),
  );
  return argumentList(parameters, items, literal(', '));
}

function pythonicValue({ schema, reader, param }: Parameter): GrammarSpec {
  const types = reader.types(schema);
  const words = [
    ...(types?.has('boolean') ? ['True', 'False'] : []),
    ...(types?.has('null') ? ['None'] : []),
  ];
  const others = [...(types ?? [])].filter((type) => type !== 'boolean' && type !== 'null');
  if (types !== undefined && others.length === 0 && words.length > 0) return choice(words.map(literal));
  return { type: 'jsonSchema', schema: detachedSchema(schema, reader), param };
}

/** `a:<escape>text<escape>,b:2`. Of the schemas of texts `enum` is kept to, `pattern` and lengths are not. */
export function gemmaArguments(
  tool: ToolDefinition,
  quote: string,
  { tokens, budget }: { tokens: TagTokens; budget: StepBudget },
): GrammarSpec {
  const parameters = parametersOf(tool, budget);
  const quotation = tagText(quote, tokens);
  const context = { quotation, anyText: textBefore([quote], tokens), level: 0 };
  const items = parameters.map((parameter) =>
    sequence(literal(`${parameter.key}:`), gemmaValue(parameter, context)),
  );
  return argumentList(parameters, items, literal(','));
}

interface GemmaContext {
  /** What a text stands between. */
  readonly quotation: readonly GrammarSpec[];
  readonly anyText: GrammarSpec;
  readonly level: number;
}

function gemmaValue(parameter: Parameter, context: GemmaContext): GrammarSpec {
  const { schema, reader } = parameter;
  reader.take(1);
  const types = reader.types(schema);
  if (types === undefined || context.level > MAX_LEVELS) return gemmaText(undefined, reader, context);
  return choice([...types].map((type) => gemmaValueOfType(type, parameter, context)));
}

function gemmaValueOfType(type: string, parameter: Parameter, context: GemmaContext): GrammarSpec {
  const { schema, reader, param } = parameter;
  const inner = { ...context, level: context.level + 1 };
  const given = isSchema(schema) ? schema : {};
  switch (type) {
    case 'string':
      return gemmaText(given['enum'], reader, context);
    case 'array': {
      const item = gemmaValue({ ...parameter, schema: given['items'], param: `${param}.items` }, inner);
      return sequence(
        literal('['),
        repeat(sequence(item, repeat(sequence(literal(','), item), 0, undefined)), 0, 1),
        literal(']'),
      );
    }
    case 'object': {
      const properties = propertyList(schema, reader, param);
      const items = properties.map((property) =>
        sequence(literal(`${property.key}:`), gemmaValue(property, inner)),
      );
      return sequence(literal('{'), argumentList(properties, items, literal(',')), literal('}'));
    }
    default:
      // A type beside `$ref` would be one of two conditions.
      return {
        type: 'jsonSchema',
        schema: detachedSchema(given['$ref'] === undefined ? { ...given, type } : given, reader),
        param,
      };
  }
}

function gemmaText(values: unknown, reader: SchemaReader, { quotation, anyText }: GemmaContext): GrammarSpec {
  const texts: readonly unknown[] = Array.isArray(values) ? values : [];
  reader.take(texts.length);
  const named = texts.filter((value) => typeof value === 'string');
  const text = named.length === 0 ? anyText : choice(named.map(literal));
  return sequence(quotation, text, quotation);
}
