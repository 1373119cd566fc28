import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { anySchema } from '../../tests/support/grammar/any-schema.ts';
import { randomTextOf } from '../../tests/support/grammar/grammar-texts.ts';
import { compiled, seededRandom } from '../../tests/support/grammar/json-schema.ts';

/**
 * Texts of schemas, and whether `@huggingface/transformers-structured-output` takes them byte by byte. README.md says how
 * the package is laid out for it; structured_output.py adds llguidance.
 *
 * @see tests/unit/grammar/other-engines.test.ts
 */

const SEED = 20_261_126;
const NUM_RANDOM_SCHEMAS = 60;
const TEXTS_OF_A_SCHEMA = 5;
const MAX_TEXT_LENGTH = 160;

const FIXTURE = fileURLToPath(
  new URL('../../tests/fixtures/json-schema/other-engines.json', import.meta.url),
);

/** What schemas of applications hold, keyword by keyword. */
const SCHEMAS: readonly object[] = [
  {
    type: 'object',
    properties: { name: { type: 'string' }, age: { type: 'integer' } },
    required: ['name', 'age'],
  },
  { type: 'object', properties: { a: { type: 'string' }, b: { type: 'boolean' }, c: { type: 'null' } } },
  { type: 'object', properties: { a: { type: 'number' } }, required: ['a'], additionalProperties: false },
  {
    type: 'object',
    properties: { a: {} },
    additionalProperties: { type: 'integer' },
    minProperties: 2,
    maxProperties: 3,
  },
  { type: 'object', additionalProperties: { type: 'string', maxLength: 2 } },
  { type: 'integer', minimum: -5, maximum: 105 },
  { type: 'integer', exclusiveMinimum: 0, multipleOf: 5 },
  { type: 'number', minimum: 0, exclusiveMaximum: 1 },
  { type: 'number', minimum: -1.5, maximum: 22.75 },
  { type: 'string', minLength: 2, maxLength: 4 },
  { type: ['string', 'null', 'boolean'] },
  { enum: ['low', 'high', 3, null, { a: [1] }] },
  { const: { kind: 'é"\n', n: [1.5, -2] } },
  { type: 'array', items: { type: 'integer', minimum: 0 }, minItems: 1, maxItems: 3 },
  { type: 'array', prefixItems: [{ type: 'string' }, { type: 'integer' }], items: false, minItems: 2 },
  { type: 'array', items: { enum: ['a', 'b', 'c'] }, uniqueItems: true, maxItems: 3 },
  {
    anyOf: [
      { type: 'string', maxLength: 3 },
      { type: 'array', items: { type: 'boolean' }, maxItems: 2 },
    ],
  },
  {
    oneOf: [
      {
        type: 'object',
        properties: { kind: { const: 'a' }, v: { type: 'integer' } },
        required: ['kind', 'v'],
      },
      { type: 'object', properties: { kind: { const: 'b' }, w: { type: 'string' } }, required: ['kind'] },
    ],
  },
  {
    allOf: [
      { type: 'object', properties: { a: { type: 'integer', minimum: 2 } }, required: ['a'] },
      { properties: { a: { maximum: 4 }, b: { type: 'string' } }, required: ['b'] },
    ],
  },
  {
    $ref: '#/$defs/tree',
    $defs: {
      tree: {
        type: 'object',
        properties: { v: { type: 'integer' }, of: { type: 'array', items: { $ref: '#/$defs/tree' } } },
        required: ['v'],
        additionalProperties: false,
      },
    },
  },
  ...['^[A-Z]{2}-\\d{3}$', '^(?:a|bc)+$', 'x', '^[^"\\\\]{1,3}$', '^\\w+@\\w+$'].map((pattern) => ({
    type: 'string',
    pattern,
  })),
  { type: 'string', pattern: '^[a-c]+$', minLength: 2, maxLength: 5 },
  { type: 'object', patternProperties: { '^n_': { type: 'integer' } }, additionalProperties: false },
  ...['date', 'time', 'date-time', 'email', 'uuid', 'ipv4', 'ipv6', 'hostname', 'duration', 'uri'].map(
    (format) => ({
      type: 'string',
      format,
    }),
  ),
];

interface Processor {
  _call: (inputIds: bigint[][], logits: { dims: number[]; data: Float32Array }) => unknown;
}
interface Engine {
  StructuredOutputProcessor: new (tokenizer: object, format: object) => { processors: Processor[] };
}

const EOS = 256;
const TOKENIZER = {
  tokens: [...Array.from({ length: EOS }, (_, byte) => Uint8Array.of(byte)), new Uint8Array()],
  eosTokenId: EOS,
};

/** Whether the engine lets each byte follow, and then the end. @throws Error for a schema that it refuses */
function isTaken({ StructuredOutputProcessor }: Engine, schema: object, text: string): boolean {
  const format = { type: 'json_schema', json_schema: schema };
  const [processor] = new StructuredOutputProcessor(TOKENIZER, format).processors;
  const inputIds = [BigInt(EOS)];
  for (const token of [...Buffer.from(text), EOS]) {
    const logits = { dims: [1, EOS + 1], data: new Float32Array(EOS + 1) };
    processor?._call([inputIds], logits);
    if (logits.data[token] === -Infinity) return false;
    inputIds.push(BigInt(token));
  }
  return true;
}

/** A text with a few characters changed, so that it is often just not valid, or only written in another way. */
function changed(text: string, random: () => number): string {
  const at = Math.floor(random() * text.length);
  const [first, rest] = [text.slice(0, at), text.slice(at + 1)];
  const changes = [
    first + rest,
    `${first}${text.charAt(at)}${text.charAt(at)}${rest}`,
    `${first}${'09aZ"\\,:{}[]- .eé'.charAt(Math.floor(random() * 18))}${rest}`,
    `${first} ${text.slice(at)}`,
    text.replace(/[a-z]/, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`),
    text.replace(/\d/, (digit) => String((Number(digit) + 5) % 10)),
    text.replace(/"([^"\\]*)"/, '"$1$1$1"'),
    text.replace(/^\{(.+),("[^"{}[\],]*":[^,{}[\]]*)\}$/, '{$2,$1}'),
  ];
  return Buffer.from(changes[Math.floor(random() * changes.length)] ?? text).toString();
}

function textsOf(schema: object, random: () => number): string[] {
  const grammar = compiled(schema);
  const own = Array.from({ length: TEXTS_OF_A_SCHEMA }, () => randomTextOf(grammar, random));
  const others = own.flatMap((text) => [changed(text, random), changed(changed(text, random), random)]);
  return [...new Set([...own, ...others])].filter(({ length }) => length <= MAX_TEXT_LENGTH);
}

function rowOf(engine: Engine, schema: object, random: () => number): object | undefined {
  let texts: string[];
  try {
    texts = textsOf(schema, random);
  } catch {
    return undefined; // It is refused by name, or has no text.
  }
  try {
    return {
      schema,
      texts,
      huggingFace: texts.map((text) => Number(isTaken(engine, schema, text))).join(''),
    };
  } catch (error) {
    return { schema, texts, huggingFace: String(error).slice(0, 100) };
  }
}

const [folder = ''] = process.argv.slice(2);
const main = (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { main: string }).main;
const entry = pathToFileURL(resolve(folder, main)).href;
const engine = (await import(entry)) as Engine;
const random = seededRandom(SEED);
const schemas = [...SCHEMAS, ...fc.sample(anySchema, { seed: SEED, numRuns: NUM_RANDOM_SCHEMAS })];
const rows = schemas.flatMap((schema) => rowOf(engine, schema, random) ?? []);
writeFileSync(FIXTURE, `${JSON.stringify(rows, null, 1)}\n`);
