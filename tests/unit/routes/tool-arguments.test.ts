import { expect, it } from 'vitest';
import { readToolArguments } from '../../../routes/shared/schemas/tools.ts';

it.each([
  ['{"a": [1, {"b": null}]}', { a: [1, { b: null }] }],
  ['{}', {}],
  ['', ''],
  ['[1]', '[1]'],
  ['null', 'null'],
  ['{"a": 1', '{"a": 1'],
  [`${'['.repeat(33)}${']'.repeat(33)}`, `${'['.repeat(33)}${']'.repeat(33)}`],
])('arguments %s are an object, or stay the text that a model wrote', (text, value) => {
  expect(readToolArguments(text)).toEqual(value);
});
