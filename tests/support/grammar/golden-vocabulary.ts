import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EMBEDDED_MODEL } from '../../../src/package-root.ts';
import { tokenBytes } from '../../../src/tokenizer/token-bytes.ts';

interface TokenizerJson {
  added_tokens: { content: string }[];
  model: { vocab: Record<string, number> };
}

/** The tokens of tests/fixtures/grammars/masks.json, by the same rule as `scripts/goldens/grammar_masks.py` has them. */
export function goldenVocabulary(): Uint8Array[] {
  const { added_tokens: added, model } = JSON.parse(
    readFileSync(join(EMBEDDED_MODEL, 'tokenizer.json'), 'utf8'),
  ) as TokenizerJson;
  const special = new Set(added.map(({ content }) => content));
  const tokens = Object.entries(model.vocab)
    .filter(([text]) => !special.has(text))
    .toSorted(([, one], [, other]) => one - other)
    .map(([text]) => Buffer.from(tokenBytes(text, 'byte-level')));
  const there = new Set(tokens.map((token) => token.toString('latin1')));
  const pieces = piecesOfFormats().filter((piece) => !there.has(piece));
  // llguidance leaves U+007F out of JSON's strings.
  return [...tokens, ...pieces.map((piece) => Buffer.from(piece))].filter((token) => !token.includes(0x7f));
}

/** Pieces of two characters that texts of formats are made of, and some longer ones. */
function piecesOfFormats(): string[] {
  const ascii = characters(32, 127);
  const marks = [...ascii.filter((character) => !/[a-zA-Z0-9]/.test(character)), '\n'];
  const digits = characters(48, 58);
  const words = [...characters(97, 123), ...digits];
  return [
    ...marks.flatMap((one) => marks.map((other) => one + other)),
    ...words.map((one) => `${one}"`),
    ...words.map((one) => `"${one}`),
    ...digits.flatMap((one) => [...digits, '.', ',', '-'].map((other) => one + other)),
    ...[
      '":"',
      '","',
      '":{"',
      '":[',
      '"},{"',
      '}]}',
      '"],"',
      'true',
      'false',
      'null',
      ':null,',
      '0000',
      '):\n',
    ],
  ];
}

const characters = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => String.fromCharCode(from + i));
