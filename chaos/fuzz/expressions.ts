import * as fc from 'fast-check';
import { formatScript } from './format-script.ts';
import type { FuzzKind } from './fuzz-script.ts';

/** Regular expressions: what backtracks, what multiplies as automata, and what is no expression. */

const atom = fc.constantFrom(
  ...[
    'a',
    'b',
    'the',
    ' ',
    '.',
    '\\d',
    '\\w',
    '\\s',
    '[a-z]',
    '[^a]',
    '\\p{L}',
    '\\P{L}',
    '[\\u{1F300}-\\u{1F5FF}]',
  ],
  ...['é', '🌊', '\\.', '\\n', '[\\]]', '\\u{1F30A}', '[^\\p{N}]', '\\x41', '[]', '[^]'],
);
const quantifier = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('', '', '*', '+', '?', '{2}', '{0,3}', '{1,}', '*?', '+?') },
  { weight: 1, arbitrary: fc.constantFrom('{1000}', '{0,5000}', '{99999}', '{200,}') },
);

const { expression } = fc.letrec<{ expression: string; item: string }>((tie) => ({
  item: fc.oneof(
    { maxDepth: 5 },
    { weight: 6, arbitrary: atom },
    { weight: 3, arbitrary: tie('expression').map((it) => `(${it})`) },
    { weight: 2, arbitrary: tie('expression').map((it) => `(?:${it})`) },
    { weight: 1, arbitrary: tie('expression').map((it) => `(?=${it})`) },
    { weight: 1, arbitrary: tie('expression').map((it) => `(?!${it})`) },
  ),
  expression: fc
    .array(
      fc
        .array(
          fc.tuple(tie('item'), quantifier).map(([it, count]) => it + count),
          { minLength: 1, maxLength: 4 },
        )
        .map((items) => items.join('')),
      { minLength: 1, maxLength: 3 },
    )
    .map((choices) => choices.join('|')),
}));

const HOSTILE = [
  ...[
    '(a+)+$',
    '(a|a)*b',
    '(.*a){12}',
    '.*a.{12}',
    '(a?){30}a{30}',
    '(x+x+)+y',
    '((a*)*)*',
    '(.*)*\\d',
    '\\b',
    '(a)\\1',
  ],
  ...['(?<=a)b', '^$', '', '(', '[z-a]', '(?=.*x)(?=.*y)[a-z]*', '(\\p{L}|\\p{N})+.{10}', '(ab|a|b|abc)*c'],
] as const;

const pattern = fc.oneof(
  { weight: 8, arbitrary: expression },
  { weight: 3, arbitrary: fc.constantFrom(...HOSTILE) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 400 }).map((depth) => '('.repeat(depth) + 'a' + ')*'.repeat(depth)),
  },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 1, max: 800 })
      .map((count) => Array.from({ length: count }, (_, i) => `w${i}`).join('|')),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
);

export const EXPRESSION_KIND: FuzzKind = {
  name: 'expressions',
  scripts: formatScript(
    pattern.chain((it) =>
      fc.constantFrom<object[]>(
        { guided_regex: it },
        { guided_regex: it },
        { structured_outputs: { regex: it } },
        { guided_json: { type: 'string', pattern: it, maxLength: 30 } },
        { guided_choice: it === '' ? ['a'] : it.split('|') },
      ),
    ),
  ),
};
