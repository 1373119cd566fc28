import { z } from 'zod';
import type { GrammarSpec } from '../../../src/grammar/grammar-spec.ts';
import { invalidField } from '../../../src/errors.ts';
import { isRecord } from '../../../src/is-record.ts';
import { MAX_TEXT_LENGTH } from '../../shared/schemas/bounds.ts';

/** Of a grammar or a pattern. */
const MAX_GRAMMAR_LENGTH = 2 ** 16;
const MAX_CHOICES = 1000;

/** JSON Schema, which may be true or false. */
const schemaSchema = z
  .unknown()
  .refine((value) => isRecord(value) || typeof value === 'boolean', 'must be a JSON Schema')
  .meta({ description: 'A JSON Schema.', override: { type: ['object', 'boolean'] } });

const grammarText = z.string().min(1).max(MAX_GRAMMAR_LENGTH);

/** What the text must look like; vLLM's four `guided_…` fields are other ways to say it. */
export const outputFormatFields = {
  response_format: z
    .strictObject({
      type: z.enum(['text', 'json_object', 'json_schema']),
      json_schema: schemaSchema
        .optional()
        .meta({ description: "A JSON Schema as it is; OpenAI's `{name, schema}` around it is taken, too." }),
    })
    .nullish()
    .meta({ description: 'Also with `stream`. Not streamed, `response` is the parsed JSON.' }),
  guided_json: schemaSchema.nullish().meta({ description: 'A JSON Schema, as in `response_format`.' }),
  guided_regex: grammarText.nullish().meta({ description: 'A regular expression for the whole text.' }),
  guided_choice: z.array(z.string().min(1).max(MAX_TEXT_LENGTH)).min(1).max(MAX_CHOICES).nullish().meta({
    description: 'The text is one of these.',
  }),
  guided_grammar: grammarText.nullish().meta({ description: 'A grammar in GBNF or EBNF.' }),
};

type FormatInput = z.output<z.ZodObject<typeof outputFormatFields>>;

export interface OutputFormat {
  /** Undefined: any text. */
  readonly grammar: GrammarSpec | undefined;
  /** The text is JSON, and an answer in one piece has it parsed. */
  readonly isJson: boolean;
}

/** @throws EngineError `invalid_request` for two of the fields at once, or a format without its schema */
export function toOutputFormat(input: FormatInput): OutputFormat {
  const [first, second] = Object.keys(outputFormatFields).filter((field) => isAsked(input, field));
  if (second !== undefined) {
    throw invalidField(second, `and ${first ?? ''} both say what the text must look like; send one of them`);
  }
  const { guided_json: json, guided_regex: pattern, guided_choice: texts, guided_grammar: text } = input;
  if (json !== undefined && json !== null) return schemaFormat(json, 'guided_json');
  if (typeof pattern === 'string') return textFormat({ type: 'regex', pattern, param: 'guided_regex' });
  if (typeof text === 'string') return textFormat({ type: 'ebnf', text, param: 'guided_grammar' });
  if (Array.isArray(texts)) {
    return textFormat({ type: 'choice', items: texts.map((one) => ({ type: 'literal', text: one })) });
  }
  return responseFormat(input.response_format);
}

function isAsked(input: FormatInput, field: string): boolean {
  const value: unknown = Reflect.get(input, field);
  if (field === 'response_format' && isRecord(value)) return value['type'] !== 'text';
  return value !== undefined && value !== null;
}

const textFormat = (grammar: GrammarSpec): OutputFormat => ({ grammar, isJson: false });

const schemaFormat = (schema: unknown, param: string): OutputFormat => ({
  grammar: { type: 'jsonSchema', schema, param },
  isJson: true,
});

function responseFormat(format: FormatInput['response_format']): OutputFormat {
  switch (format?.type) {
    case 'json_object':
      return { grammar: { type: 'jsonObject' }, isJson: true };
    case 'json_schema': {
      const { json_schema: schema } = format;
      const param = 'response_format.json_schema';
      if (schema === undefined) throw invalidField(param, 'is required with type json_schema');
      // `schema` is no keyword of JSON Schema: it is OpenAI's envelope.
      if (isRecord(schema) && isRecord(schema['schema']))
        return schemaFormat(schema['schema'], `${param}.schema`);
      return schemaFormat(schema, param);
    }
    default:
      return { grammar: undefined, isJson: false };
  }
}
