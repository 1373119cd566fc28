import { expect, it } from 'vitest';
import { toPlainText } from '../../../src/markdown/plain-text.ts';

it.each([
  ['# A *b* `c`', 'A b c'],
  ['a **b *c* d** e', 'a b c d e'],
  ['[a **b**](http://c/d) ![e](f.png)', 'a b e'],
  ['> > a\n> b', 'a\nb'],
  ['- a\n  1. b', '- a\n  1. b'],
  ['---\na\n* * *', 'a'],
  ['```js\na *b* # c\n```\nd', 'a *b* # c\nd'],
  ['snake_case_name and _this_', 'snake_case_name and this'],
  ['2 \\* 3 \\* 4, a \\# b', '2 * 3 * 4, a # b'],
  ['a * b * c ~~d~~ <b>e</b> 1 < 2', 'a * b * c d e 1 < 2'],
  ['| a | b |', '| a | b |'],
])('%j without marks is %j', (markdown, text) => {
  expect(toPlainText(markdown)).toBe(text);
});

it.each([
  ['[', 1],
  ['![a](', 1],
  ['<a', 1],
  ['a*', 0.5],
  ['a_', 1],
  ['*', 0],
  ['> ', 0],
])('a megabyte of %j is read within the time of a test, and %f of it stays', (piece, part) => {
  const numPieces = 2 ** 18;
  expect(toPlainText(piece.repeat(numPieces)).length).toBe(part * numPieces * piece.length);
});
