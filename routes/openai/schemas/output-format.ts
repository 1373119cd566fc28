import * as z from 'zod';
import { clip } from '../../../src/values.ts';
import { invalidField } from '../../../src/errors.ts';
import type { GrammarSpec } from '../../../src/grammar/grammar-spec.ts';
import { jsonFault } from '../../../src/http/edge/json-body.ts';
import { nameSchema, textSchema } from '../../shared/schemas/bounds.ts';
import { anyJsonSchemaSchema, isJsonSchema } from '../../shared/schemas/json-object.ts';
import {
  grammarTextSchema,
  MAX_CHOICES,
  MAX_GRAMMAR_LENGTH,
  ofChoice,
  ofGrammar,
  ofPattern,
  ofSchema,
  onlyFormat,
} from '../../shared/schemas/output-format.ts';

const choicesSchema = z.array(textSchema).min(1).max(MAX_CHOICES);

/** A schema as JSON, or as its text. */
const schemaOrText = z
  .unknown()
  .refine(
    (value) => isJsonSchema(value) || grammarTextSchema.safeParse(value).success,
    `must be a JSON Schema, or the text of one of 1 to ${MAX_GRAMMAR_LENGTH} characters`,
  )
  .meta({
    id: 'JsonSchemaOrText',
    description: 'A JSON Schema, or its text.',
    override: {
      anyOf: [
        { type: ['object', 'boolean'], description: 'A JSON Schema.' },
        { type: 'string', minLength: 1, maxLength: MAX_GRAMMAR_LENGTH },
      ],
    },
  });

const responseFormatSchema = z
  .strictObject({
    type: z.enum(['text', 'json_object', 'json_schema']),
    json_schema: z
      .object({
        name: nameSchema.nullish(),
        description: textSchema.nullish(),
        schema: anyJsonSchemaSchema.nullish(),
        strict: z
          .boolean()
          .nullish()
          .meta({ description: 'A schema is enforced in either case, and refused where it cannot be.' }),
      })
      .nullish(),
    schema: anyJsonSchemaSchema.nullish().meta({ description: 'Where llama.cpp has it.' }),
  })
  .meta({ id: 'ResponseFormat' });

const structuredOutputsSchema = z
  .strictObject({
    json: schemaOrText.nullish(),
    regex: grammarTextSchema.nullish(),
    choice: choicesSchema.nullish(),
    grammar: grammarTextSchema.nullish(),
    json_object: z.boolean().nullish(),
  })
  .meta({ id: 'StructuredOutputs' });

/**
 * Every way in which a client may say what the answer must look like: OpenAI's, vLLM's older and newer, llama.cpp's,
 * SGLang's.
 */
export const outputFormatFields = {
  response_format: responseFormatSchema.nullish(),
  structured_outputs: structuredOutputsSchema.nullish(),
  guided_json: schemaOrText.nullish(),
  guided_regex: grammarTextSchema.nullish(),
  guided_choice: choicesSchema.nullish(),
  guided_grammar: grammarTextSchema.nullish(),
  json_schema: anyJsonSchemaSchema.nullish(),
  grammar: grammarTextSchema.nullish().meta({ description: 'GBNF, EBNF or Lark.' }),
  regex: grammarTextSchema.nullish().meta({ description: "SGLang's name of `guided_regex`." }),
  ebnf: grammarTextSchema.nullish().meta({ description: "SGLang's name of `guided_grammar`." }),
};

type OutputFormatInput = z.output<z.ZodObject<typeof outputFormatFields>>;

/**
 * What the answer must look like; undefined: any text.
 * @throws EngineError `invalid_request` where two fields say it, or one is not whole
 */
export function toOutputFormat(input: OutputFormatInput): GrammarSpec | undefined {
  const { structured_outputs: structured } = input;
  return onlyFormat([
    ['response_format', ofResponseFormat(input.response_format)],
    ['structured_outputs', ofSchemaOrText(structured?.json, 'structured_outputs.json')],
    ['structured_outputs', ofPattern(structured?.regex, 'structured_outputs.regex')],
    ['structured_outputs', ofChoice(structured?.choice)],
    ['structured_outputs', ofGrammar(structured?.grammar, 'structured_outputs.grammar')],
    ['structured_outputs', structured?.json_object === true ? { type: 'jsonObject' } : undefined],
    ['guided_json', ofSchemaOrText(input.guided_json, 'guided_json')],
    ['guided_regex', ofPattern(input.guided_regex, 'guided_regex')],
    ['guided_choice', ofChoice(input.guided_choice)],
    ['guided_grammar', ofGrammar(input.guided_grammar, 'guided_grammar')],
    ['json_schema', ofSchema(input.json_schema, 'json_schema')],
    ['grammar', ofGrammar(input.grammar, 'grammar')],
    ['regex', ofPattern(input.regex, 'regex')],
    ['ebnf', ofGrammar(input.ebnf, 'ebnf')],
  ]);
}

function ofResponseFormat(format: OutputFormatInput['response_format']): GrammarSpec | undefined {
  const given = format ?? { type: 'text' as const };
  const path = 'response_format';
  const ofOpenAi = given.json_schema?.schema ?? undefined;
  const schema = ofOpenAi ?? given.schema ?? undefined;
  const param = ofOpenAi === undefined ? `${path}.schema` : `${path}.json_schema.schema`;
  switch (given.type) {
    case 'text':
      if (schema !== undefined) throw invalidField(param, "goes with the type 'json_schema', not 'text'");
      return undefined;
    case 'json_object':
      return schema === undefined ? { type: 'jsonObject' } : { type: 'jsonSchema', schema, param };
    case 'json_schema':
      if (schema === undefined) throw invalidField(`${path}.json_schema.schema`, 'is required');
      return { type: 'jsonSchema', schema, param };
  }
}

const ofSchemaOrText = (given: unknown, param: string): GrammarSpec | undefined =>
  ofSchema(typeof given === 'string' ? parseSchema(given, param) : given, param);

function parseSchema(text: string, param: string): unknown {
  const fault = jsonFault(text);
  if (fault !== undefined) throw invalidField(param, fault);
  let schema: unknown;
  try {
    schema = JSON.parse(text);
  } catch {
    throw invalidField(param, `is no JSON: ${clip(text)}`);
  }
  if (isJsonSchema(schema)) return schema;
  throw invalidField(param, 'must be the text of a JSON Schema: an object, true or false');
}
