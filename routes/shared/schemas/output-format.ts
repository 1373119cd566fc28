import { z } from 'zod';
import { clip } from '../../../src/clip.ts';
import { invalidField } from '../../../src/errors.ts';
import type { GrammarSpec } from '../../../src/grammar/grammar-spec.ts';
import { isRecord } from '../../../src/is-record.ts';
import { MAX_JSON_LEVELS, nestsDeeperThan } from '../../../src/http/json-nesting.ts';
import { nameSchema, textSchema } from './bounds.ts';

/** Of a grammar, a pattern, or a JSON Schema as text. */
const MAX_GRAMMAR_LENGTH = 2 ** 16;
const MAX_CHOICES = 1000;

const grammarText = z.string().min(1).max(MAX_GRAMMAR_LENGTH);
const choices = z.array(textSchema).min(1).max(MAX_CHOICES);

const isJsonSchema = (value: unknown): boolean => typeof value === 'boolean' || isRecord(value);

/** A schema as JSON. What of it can be enforced is checked when it is compiled. */
export const jsonSchemaSchema = z
  .unknown()
  .refine(isJsonSchema, 'must be a JSON Schema: an object, true or false')
  .meta({ description: 'A JSON Schema.', override: { type: ['object', 'boolean'] } });

/** A schema as JSON, or as its text. */
const schemaOrText = z
  .unknown()
  .refine(
    (value) => isJsonSchema(value) || grammarText.safeParse(value).success,
    `must be a JSON Schema, or the text of one of 1 to ${MAX_GRAMMAR_LENGTH} characters`,
  )
  .meta({
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
        schema: jsonSchemaSchema.nullish(),
        strict: z
          .boolean()
          .nullish()
          .meta({ description: 'A schema is enforced in either case, and refused where it cannot be.' }),
      })
      .nullish(),
    schema: jsonSchemaSchema.nullish().meta({ description: "llama.cpp's place for it." }),
  })
  .meta({ id: 'ResponseFormat' });

const structuredOutputsSchema = z
  .strictObject({
    json: schemaOrText.nullish(),
    regex: grammarText.nullish(),
    choice: choices.nullish(),
    grammar: grammarText.nullish(),
    json_object: z.boolean().nullish(),
  })
  .meta({ id: 'StructuredOutputs' });

/** Every way in which a client may say what the answer must look like: OpenAI's, vLLM's older and newer, llama.cpp's. */
export const outputFormatFields = {
  response_format: responseFormatSchema.nullish(),
  structured_outputs: structuredOutputsSchema.nullish(),
  guided_json: schemaOrText.nullish(),
  guided_regex: grammarText.nullish(),
  guided_choice: choices.nullish(),
  guided_grammar: grammarText.nullish(),
  json_schema: jsonSchemaSchema.nullish(),
  grammar: grammarText.nullish().meta({ description: 'GBNF or EBNF.' }),
};

export type OutputFormatInput = z.output<z.ZodObject<typeof outputFormatFields>>;

/**
 * What the answer must look like; undefined: any text.
 * @throws EngineError `invalid_request` where two fields say it, or one is not whole
 */
export function toOutputFormat(input: OutputFormatInput): GrammarSpec | undefined {
  const { structured_outputs: structured } = input;
  const given: (GrammarSpec | undefined)[] = [
    ofResponseFormat(input.response_format),
    ofJson(structured?.json, 'structured_outputs.json'),
    ofPattern(structured?.regex, 'structured_outputs.regex'),
    ofChoice(structured?.choice),
    ofGrammar(structured?.grammar, 'structured_outputs.grammar'),
    structured?.json_object === true ? { type: 'jsonObject' } : undefined,
    ofJson(input.guided_json, 'guided_json'),
    ofPattern(input.guided_regex, 'guided_regex'),
    ofChoice(input.guided_choice),
    ofGrammar(input.guided_grammar, 'guided_grammar'),
    ofJson(input.json_schema, 'json_schema'),
    ofGrammar(input.grammar, 'grammar'),
  ];
  const [format, ...others] = given.filter((one) => one !== undefined);
  if (others.length > 0) throw contradiction(input);
  return format;
}

function contradiction(input: OutputFormatInput): Error {
  const names = Object.keys(outputFormatFields).filter((name) => (Reflect.get(input, name) ?? null) !== null);
  const [name = 'structured_outputs', ...others] = names.filter(
    (one) => one !== 'response_format' || input.response_format?.type !== 'text',
  );
  const what = others.length === 0 ? 'says twice' : `and ${others.join(', ')} each say`;
  return invalidField(name, `${what} what the answer must look like: send it once`);
}

function ofResponseFormat(format: OutputFormatInput['response_format']): GrammarSpec | undefined {
  const given = format ?? { type: 'text' as const };
  const place = 'response_format';
  const ofOpenAi = given.json_schema?.schema ?? undefined;
  const schema = ofOpenAi ?? given.schema ?? undefined;
  const param = ofOpenAi === undefined ? `${place}.schema` : `${place}.json_schema.schema`;
  switch (given.type) {
    case 'text':
      if (schema !== undefined) throw invalidField(param, "goes with the type 'json_schema', not 'text'");
      return undefined;
    case 'json_object':
      return schema === undefined ? { type: 'jsonObject' } : { type: 'jsonSchema', schema, param };
    case 'json_schema':
      if (schema === undefined) throw invalidField(`${place}.json_schema.schema`, 'is required');
      return { type: 'jsonSchema', schema, param };
  }
}

function ofJson(given: unknown, param: string): GrammarSpec | undefined {
  if ((given ?? undefined) === undefined) return undefined;
  return { type: 'jsonSchema', schema: typeof given === 'string' ? parseSchema(given, param) : given, param };
}

function parseSchema(text: string, param: string): unknown {
  if (nestsDeeperThan(text, MAX_JSON_LEVELS)) {
    throw invalidField(param, `nests more than ${MAX_JSON_LEVELS} levels of objects and lists`);
  }
  let schema: unknown;
  try {
    schema = JSON.parse(text);
  } catch {
    throw invalidField(param, `is no JSON: ${clip(text)}`);
  }
  if (isJsonSchema(schema)) return schema;
  throw invalidField(param, 'must be the text of a JSON Schema: an object, true or false');
}

const ofPattern = (pattern: string | null | undefined, param: string): GrammarSpec | undefined =>
  typeof pattern === 'string' ? { type: 'regex', pattern, param } : undefined;

const ofGrammar = (text: string | null | undefined, param: string): GrammarSpec | undefined =>
  typeof text === 'string' ? { type: 'ebnf', text, param } : undefined;

const ofChoice = (texts: readonly string[] | null | undefined): GrammarSpec | undefined =>
  texts
    ? { type: 'choice', items: texts.map((text): GrammarSpec => ({ type: 'literal', text })) }
    : undefined;
