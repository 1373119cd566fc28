import { describe, expect, it } from 'vitest';
import { isTextOf } from '../../support/grammar/grammar-texts.ts';
import { compiled } from '../../support/grammar/json-schema.ts';

/** JSON takes U+0000 to U+001F in its strings as escapes alone. */
const CONTROLS = Array.from({ length: 32 }, (_, code) => String.fromCharCode(code));
/** Those that have a letter: `\b`, `\t`, `\n`, `\f`, `\r`. */
const WITH_LETTER = ['\b', '\t', '\n', '\f', '\r'];

const integers = { type: 'integer' };
const NAMES: [string, object][] = [
  ['any object', { type: 'object' }],
  ['additionalProperties', { type: 'object', additionalProperties: integers }],
  [
    'beside declared ones',
    { type: 'object', properties: { a: integers }, required: [], additionalProperties: integers },
  ],
  ['propertyNames, pattern', { type: 'object', propertyNames: { pattern: '^[^a]$' } }],
  ['propertyNames, length', { type: 'object', propertyNames: { minLength: 1, maxLength: 3 } }],
  ['patternProperties', { type: 'object', patternProperties: { '^[^a]$': integers } }],
];
const STRINGS: [string, object][] = [
  ['any string', { type: 'string' }],
  ['length', { type: 'string', minLength: 1, maxLength: 3 }],
  ['pattern', { type: 'string', pattern: '^[^a]$' }],
  ['pattern and length', { type: 'string', pattern: '^[^a]+$', maxLength: 3 }],
];

const member = (written: string): string => `{"${written}":1}`;
const escaped = (character: string): string => JSON.stringify(character).slice(1, -1);

describe('control characters', () => {
  it.each(NAMES)('are in no name as they are: %s', (_, schema) => {
    const grammar = compiled(schema);
    expect(isTextOf(grammar, member('b'))).toBe(true);
    for (const control of CONTROLS) {
      expect(() => JSON.parse(member(control)) as unknown).toThrow(SyntaxError);
      expect(isTextOf(grammar, member(control))).toBe(false);
    }
  });

  it.each(STRINGS)('are in no string as they are: %s', (_, schema) => {
    const grammar = compiled(schema);
    expect(isTextOf(grammar, '"b"')).toBe(true);
    for (const control of CONTROLS) expect(isTextOf(grammar, `"${control}"`)).toBe(false);
  });

  it.each(NAMES)('are in a name where they have a letter, as in a string: %s', (_, schema) => {
    const grammar = compiled(schema);
    const taken = CONTROLS.filter((control) => isTextOf(grammar, member(escaped(control))));
    expect(taken).toEqual(WITH_LETTER);
  });

  it.each<[string, object]>([
    ['an enum', { type: 'object', propertyNames: { enum: ['a', '\u0001'] }, additionalProperties: integers }],
    ['a pattern', { type: 'object', propertyNames: { pattern: '^\\x01$' }, additionalProperties: integers }],
    ['properties', { type: 'object', properties: { '\u0001': integers } }],
  ])('are in a name where %s asks for them', (_, schema) => {
    expect(isTextOf(compiled(schema), member('\\u0001'))).toBe(true);
  });
});
