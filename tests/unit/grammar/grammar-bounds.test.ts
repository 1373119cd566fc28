import { describe, expect, it } from 'vitest';
import { compileGrammar } from '../../../src/grammar/compile/compile-grammar.ts';
import { MAX_RULES } from '../../../src/grammar/compile/rules.ts';
import type { Expression, Grammar } from '../../../src/grammar/grammar.ts';
import type { GrammarSpec } from '../../../src/grammar/grammar-spec.ts';
import { Effort, MAX_TOTAL_STATES, MAX_WORK } from '../../../src/grammar/regular/effort.ts';
import { compiled } from '../../support/grammar/json-schema.ts';

const named = (count: number, schemaOf: (index: number) => unknown): Record<string, unknown> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, schemaOf(i)]));
const nested = (depth: number, around: (inner: unknown) => unknown, core: unknown): unknown => {
  let schema = core;
  for (let i = 0; i < depth; i++) schema = around(schema);
  return schema;
};
const list = <T>(count: number, itemOf: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => itemOf(i));
const ref = (index: number): object => ({ $ref: `#/$defs/p${index}` });
const schema = (it: unknown): GrammarSpec => ({ type: 'jsonSchema', schema: it, param: 'schema' });
const ebnf = (text: string): GrammarSpec => ({ type: 'ebnf', text, param: 'grammar' });

/** What would take exponential time or memory, or a deep stack, if it were followed without care. */
const HOSTILE: Record<string, GrammarSpec> = {
  'an expression of a million copies': { type: 'regex', pattern: '(a{1000}){1000}', param: 'regex' },
  'an expression with exponential subsets': { type: 'regex', pattern: '.*a.{30}', param: 'regex' },
  'an expression with many of these': { type: 'regex', pattern: '(.*a){20}.{20}', param: 'regex' },
  'nested quantifiers': { type: 'regex', pattern: '((((a?){50}){50}){50}){50}', param: 'regex' },
  'many lookaheads': schema({
    type: 'string',
    pattern: '(?=.*x)(?=.*y)(?=.*z)(?=.{3,200}$)(?!.*q)(?=.*b.{9}$)[a-z]*',
  }),
  'letters of all scripts before a count': schema({ type: 'string', pattern: '\\p{L}.{14}$' }),
  '1,000 optional properties': schema({ properties: named(1_000, () => ({ type: 'string' })) }),
  '1,000 counted properties': schema({ properties: named(1_000, () => true), minProperties: 500 }),
  '1,000 properties and others': schema({ properties: named(1_000, () => ({})), additionalProperties: true }),
  'a chain of references': schema({ ...ref(0), $defs: named(4_000, (i) => (i < 3_999 ? ref(i + 1) : true)) }),
  'a chain of properties': schema({
    ...ref(0),
    $defs: named(4_000, (i) => (i < 3_999 ? { properties: { a: ref(i + 1) } } : { type: 'null' })),
  }),
  'references that double': schema({
    ...ref(0),
    $defs: named(60, (i) => (i < 59 ? { anyOf: [ref(i + 1), ref(i + 1)] } : { type: 'null' })),
  }),
  'conjunctions of all subsets': schema({
    ...ref(0),
    $defs: named(40, (i) => ({
      type: 'object',
      properties: named(4, (j) => ({ allOf: [ref((i * 3 + j) % 40), ref((i * 7 + 2 * j) % 40)] })),
    })),
  }),
  'nested unions': schema(
    nested(15, (inner) => ({ anyOf: [inner, { properties: { a: inner } }, { maxLength: 3 }] }), true),
  ),
  'a product of unions': schema({
    allOf: list(14, (i) => ({ anyOf: [{ minimum: i }, { maximum: 99 + i }] })),
  }),
  'many of allOf': schema({ allOf: list(1_000, (i) => ({ type: 'integer', minimum: i })) }),
  'many of oneOf': schema({
    oneOf: list(1_000, (i) => ({ type: 'object', properties: { k: { const: i } } })),
  }),
  'many patterns of names': schema({ patternProperties: named(20, (i) => ({ minimum: i })) }),
  'sets of 1,000 values': schema({
    type: 'array',
    items: { enum: list(1_000, (i) => i) },
    uniqueItems: true,
  }),
  'a prefix of 1,000 items': schema({ type: 'array', prefixItems: list(1_000, () => ({ type: 'null' })) }),
  'many ranges': schema({
    properties: named(300, (i) => ({ type: 'number', minimum: -i, maximum: i * 1.37 })),
  }),
  'a sequence of what may be empty': ebnf(`root ::= (${'a? '.repeat(3_000)})* "x"\na ::= "a" a?`),
  'groups in groups': ebnf(`root ::= ${'('.repeat(60)}"a" root?${'){0,9999}'.repeat(60)}`),
  'a chain of rules': ebnf(
    ['root ::= (r0)*', ...list(4_000, (i) => `r${i} ::= r${i + 1}? "a"?`), 'r4000 ::= "b"'].join('\n'),
  ),
  'rules that all recur through each other on the left': ebnf(
    [
      'root ::= r0',
      ...list(
        300,
        (i) => `r${i} ::= ${list(6, (j) => `r${(i * 7 + j * 13 + 1) % 300} "x"`).join(' | ')} | "a"`,
      ),
    ].join('\n'),
  ),
  'a rule of 3,000 alternatives': ebnf(
    [
      `root ::= ${list(3_000, (i) => `r${i}`).join(' | ')}`,
      ...list(3_000, (i) => `r${i} ::= "x${i}" root?`),
    ].join('\n'),
  ),
};

function sizeOf({ rules, terminals }: Grammar): { rules: number; states: number; expressions: number } {
  const countOf = (expression: Expression): number =>
    1 +
    ('items' in expression ? expression.items.reduce((sum, item) => sum + countOf(item), 0) : 0) +
    ('item' in expression ? countOf(expression.item) : 0);
  const states = terminals.map((terminal) => {
    if (terminal.type === 'literal') return 0;
    return (terminal.type === 'counted' ? terminal.word : terminal.automaton).numStates;
  });
  return {
    rules: rules.length,
    states: states.reduce((sum, count) => sum + count, 0),
    expressions: rules.reduce((sum, rule) => sum + countOf(rule), 0),
  };
}

describe('hostile input', () => {
  it.each(Object.entries(HOSTILE))(
    '%s: is refused by a bound, or gives a grammar within the bounds',
    (_, spec) => {
      let grammar: Grammar;
      try {
        grammar = compileGrammar(spec);
      } catch (error) {
        expect(error).toMatchObject({
          code: 'invalid_request',
          message: expect.stringMatching(/more than \d+/) as string,
        });
        return;
      }
      const size = sizeOf(grammar);
      expect(size.rules).toBeLessThanOrEqual(2 * MAX_RULES);
      expect(size.states).toBeLessThanOrEqual(MAX_TOTAL_STATES);
      expect(size.expressions).toBeLessThanOrEqual(200_000);
    },
  );

  it('has 1,000 optional properties accepted', () => {
    expect(sizeOf(compileGrammar(HOSTILE['1,000 optional properties']!)).rules).toBeGreaterThan(900);
    expect(sizeOf(compileGrammar(HOSTILE['1,000 properties and others']!)).rules).toBeGreaterThan(900);
  });

  it('is counted in units of work, the same in each run', () => {
    const effort = new Effort('a.b');
    effort.spend(MAX_WORK);
    expect(() => effort.at('a.c').spend(1)).toThrow(expect.objectContaining({ param: 'a.c' }));
  });
});

describe('bounds at the door', () => {
  const deep = (depth: number): unknown =>
    nested(depth, (items) => ({ type: 'array', items }), { type: 'null' });

  it.each<[string, unknown, RegExp]>([
    ['33 schemas in one another', deep(33), /nested deeper than 32/],
    ['values nested 200 deep', { const: nested(200, (inner) => [inner], 1) }, /deeper than 128/],
    ['1,001 properties', { properties: named(1_001, () => true) }, /properties must have at most 1000/],
    [
      '5,001 properties in all',
      { properties: named(6, () => ({ properties: named(900, () => true) })) },
      /at most 5000 properties in all/,
    ],
    ['1,001 values', { enum: list(1_001, (i) => i) }, /enum must have at most 1000 values/],
    [
      'a length of 10,001',
      { type: 'string', maxLength: 10_001 },
      /maxLength must be an integer from 0 to 10000/,
    ],
    ['a pattern of 10,001 characters', { pattern: 'a'.repeat(10_001) }, /pattern must have at most 10000/],
  ])('%s', (_, it_, complaint) => {
    expect(() => compiled(it_)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(complaint) as string }),
    );
  });

  it('lets pass what is within them', () => {
    for (const it_ of [
      deep(31),
      { enum: list(1_000, (i) => `value ${i * 7919}`) },
      { type: 'string', maxLength: 10_000 },
      { type: 'string', format: 'email', maxLength: 254 },
      { type: 'array', items: {}, maxItems: 10_000 },
      // Names that share nothing, and no others: those need not be told from all other names.
      {
        properties: Object.fromEntries(
          list(1_000, (i) => [`${(i * 2_654_435_761).toString(36)}_name`, true]),
        ),
        additionalProperties: false,
      },
    ])
      expect(() => compiled(it_)).not.toThrow();
  });
});

describe('what is refused, by name', () => {
  const path = (inner: object): object => ({
    type: 'object',
    properties: { a: { type: 'array', items: inner } },
  });

  it.each<[object, string, RegExp]>([
    [{ not: { type: 'null' } }, 'not', /not supported/],
    [{ if: {}, then: {} }, 'if', /not supported/],
    [{ contains: {} }, 'contains', /not supported/],
    [{ dependentRequired: { a: ['b'] } }, 'dependentRequired', /not supported/],
    [{ dependencies: {} }, 'dependencies', /not supported/],
    [{ unevaluatedProperties: false, allOf: [{}] }, 'unevaluatedProperties', /not supported/],
    [{ $dynamicRef: '#x' }, '$dynamicRef', /not supported/],
    [{ $ref: 'https://example.org/other' }, '$ref', /only references inside/],
    [{ $ref: '#/$defs/missing' }, '$ref', /not there/],
    [{ $ref: '#nowhere' }, '$ref', /not there/],
    [{ $id: 'https://example.org/x' }, '$id', /at the root/],
    [{ type: 'number', multipleOf: 0.01 }, 'multipleOf', /integer/],
    [{ type: 'string', format: 'iri' }, 'format', /iri, which is not supported/],
    [{ type: 'string', format: 'cuid' }, 'format', /cuid, which is not supported/],
    [{ type: 'string', pattern: '(?<=a)b' }, 'pattern', /lookbehind/],
    [{ type: 'string', pattern: '(' }, 'pattern', /no regular expression/],
    [{ uniqueItems: true, items: { type: 'string' } }, 'uniqueItems', /items of an enum/],
    [{ oneOf: [{ type: 'integer' }, { type: 'number' }] }, 'oneOf', /branch 0 may be valid together/],
    [{ type: 'text' }, 'type', /must be one of/],
    [{ exclusiveMinimum: true }, 'exclusiveMinimum', /must be a number/],
    [{ required: true }, 'required', /list of names/],
    [{ nullable: true }, 'nullable', /without type/],
    [{ minLenght: 1 }, 'minLenght', /not a known keyword/],
    [{ properties: [] }, 'properties', /object of schemas/],
    [{ anyOf: [] }, 'anyOf', /not empty/],
    [{ enum: [] }, 'enum', /not empty/],
  ])('%j', (inner, keyword, complaint) => {
    const param = `schema.properties.a.items.${keyword}`;
    expect(() => compiled(path(inner))).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        param,
        message: expect.stringMatching(complaint) as string,
      }),
    );
  });

  it.each<[string, unknown, string]>([
    [
      'an enum against its type',
      { type: 'object', required: ['a'], properties: { a: { type: 'string', enum: [1] } } },
      'schema.properties.a',
    ],
    ['bounds that cross', { type: 'integer', minimum: 3, maximum: 2 }, 'schema'],
    [
      'lengths that cross',
      { type: 'array', items: { type: 'string', minLength: 3, maxLength: 2 }, minItems: 1 },
      'schema.items',
    ],
    [
      'recursion without an end',
      { type: 'object', properties: { a: { $ref: '#' } }, required: ['a'] },
      'schema',
    ],
    ['false', false, 'schema'],
    [
      'more properties than there are names',
      { properties: { a: {} }, additionalProperties: false, minProperties: 2 },
      'schema',
    ],
    ['a pattern that a format excludes', { type: 'string', format: 'date', pattern: '^x' }, 'schema'],
  ])('%s is satisfied by no value', (_, it_, param) => {
    expect(() => compiled(it_)).toThrow(
      expect.objectContaining({ param, message: `${param} is satisfied by no value` }),
    );
  });

  it('a schema that is its own branch', () => {
    expect(() => compiled({ anyOf: [{ $ref: '#' }, { type: 'null' }] })).toThrow(/refers to itself/);
  });
});
