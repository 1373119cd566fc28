import type { Token } from '@huggingface/jinja';

/** Words behind which a parenthesis begins a value and no call. */
const WORDS: ReadonlySet<string> = new Set([
  'in',
  'and',
  'or',
  'not',
  'if',
  'else',
  'elif',
  'is',
  'set',
  'for',
]);

/**
 * The library's parser (0.5) knows no comma before a closing parenthesis: this takes such commas away. What is a tuple by its
 * comma alone, as in `role in ('user',)`, becomes a list.
 */
export function withoutTrailingCommas(tokens: readonly Token[]): Token[] {
  const written = [...tokens];
  const open: { at: number; numCommas: number }[] = [];
  const dropped = new Set<number>();
  for (const [at, { type }] of tokens.entries()) {
    const group = open.at(-1);
    if (type.startsWith('Open')) open.push({ at, numCommas: 0 });
    else if (type === 'Comma' && group !== undefined) group.numCommas++;
    if (!type.startsWith('Close')) continue;
    open.pop();
    if (type !== 'CloseParen' || group === undefined || tokens[at - 1]?.type !== 'Comma') continue;
    dropped.add(at - 1);
    if (group.numCommas > 1 || isCall(tokens[group.at - 1])) continue;
    written[group.at] = { type: 'OpenSquareBracket', value: '[' };
    written[at] = { type: 'CloseSquareBracket', value: ']' };
  }
  return written.filter((_, at) => !dropped.has(at));
}

function isCall(before: Token | undefined): boolean {
  if (before?.type === 'Identifier') return !WORDS.has(before.value);
  return before?.type === 'CloseParen' || before?.type === 'CloseSquareBracket';
}
