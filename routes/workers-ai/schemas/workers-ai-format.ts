import * as z from 'zod';
import type { GrammarSpec } from '../../../src/grammar/grammar-spec.ts';
import { isRecord } from '../../../src/values.ts';
import { textSchema } from '../../shared/schemas/bounds.ts';
import { anyJsonSchemaSchema } from '../../shared/schemas/json-object.ts';
import {
  grammarTextSchema,
  MAX_CHOICES,
  ofChoice,
  ofGrammar,
  ofPattern,
  ofSchema,
  onlyFormat,
} from '../../shared/schemas/output-format.ts';

/** What the text must look like; vLLM's four `guided_…` fields are other ways to say it. */
export const outputFormatFields = {
  response_format: z
    .strictObject({
      type: z.enum(['text', 'json_object', 'json_schema']),
      json_schema: anyJsonSchemaSchema
        .optional()
        .meta({ description: "A JSON Schema as it is; OpenAI's `{name, schema}` around it is taken, too." }),
    })
    .nullish()
    .meta({ description: 'Also with `stream`. Not streamed, `response` is the parsed JSON.' }),
  guided_json: anyJsonSchemaSchema.nullish().meta({ description: 'A JSON Schema, as in `response_format`.' }),
  guided_regex: grammarTextSchema.nullish().meta({ description: 'A regular expression for the whole text.' }),
  guided_choice: z.array(textSchema.min(1)).min(1).max(MAX_CHOICES).nullish().meta({
    description: 'The text is one of these.',
  }),
  guided_grammar: grammarTextSchema.nullish().meta({ description: 'A grammar in GBNF, EBNF or Lark.' }),
};

type FormatInput = z.output<z.ZodObject<typeof outputFormatFields>>;

/**
 * What the answer must look like; undefined: any text.
 *
 * @throws EngineError `invalid_request` for two of the fields at once
 */
export const toOutputFormat = (input: FormatInput): GrammarSpec | undefined =>
  onlyFormat([
    ['response_format', ofResponseFormat(input.response_format)],
    ['guided_json', ofSchema(input.guided_json, 'guided_json')],
    ['guided_regex', ofPattern(input.guided_regex, 'guided_regex')],
    ['guided_choice', ofChoice(input.guided_choice)],
    ['guided_grammar', ofGrammar(input.guided_grammar, 'guided_grammar')],
  ]);

/** Whether a text of the format is JSON: an answer in one piece has it parsed. */
export const isJsonFormat = (format: GrammarSpec | undefined): boolean =>
  format?.type === 'jsonSchema' || format?.type === 'jsonObject';

function ofResponseFormat(format: FormatInput['response_format']): GrammarSpec | undefined {
  switch (format?.type) {
    case 'json_object':
      return { type: 'jsonObject' };
    case 'json_schema': {
      const { json_schema: schema } = format;
      const param = 'response_format.json_schema';
      // Cloudflare's own provider for the AI SDK asks so for JSON of any schema.
      if (schema === undefined) return { type: 'jsonObject' };
      // `schema` is no keyword of JSON Schema: it is OpenAI's envelope.
      if (isRecord(schema) && isRecord(schema['schema']))
        return ofSchema(schema['schema'], `${param}.schema`);
      return ofSchema(schema, param);
    }
    default:
      return undefined;
  }
}
