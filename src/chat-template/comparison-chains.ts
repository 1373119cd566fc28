import type { Token } from '@huggingface/jinja';
import { isWord } from './test-arguments.ts';

/** The second operator of a chain, and each after it, begins so, which no template can write. */
export const CHAINED = ' and ';

/** What stands between one comparison and another that is none of its chain. */
const WORDS_BETWEEN: ReadonlySet<string> = new Set(['and', 'or', 'if', 'else']);
const SIGNS_BETWEEN: ReadonlySet<string> = new Set(['Comma', 'Colon', 'Equals']);

/**
 * In Python `1 < x < 5` is `1 < x and x < 5`; the library (0.5) compares the first result with what follows. This marks the
 * operators that go on with a chain. A parenthesis begins anew: `(a == b) == c` is no chain.
 */
export function withComparisonChains(tokens: readonly Token[]): Token[] {
  const written: Token[] = [];
  // For the tag and each parenthesis open in it: whether a comparison came before.
  const compared: boolean[] = [];
  let isLoop = false;
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === undefined) break;
    const operator = operatorAt(tokens, at);
    const isChained = operator !== undefined && compared.at(-1) === true;
    if (token.type.startsWith('Open')) compared.push(false);
    else if (token.type.startsWith('Close')) compared.pop();
    else if (operator === 'in' && isLoop) isLoop = false;
    else if (operator !== undefined) compared[compared.length - 1] = true;
    else if (isBetween(tokens, at)) compared[compared.length - 1] = false;
    else if (isWord(token, 'for') && tokens[at - 1]?.type === 'OpenStatement') isLoop = true;
    written.push(isChained ? { type: 'ComparisonBinaryOperator', value: CHAINED + operator } : token);
    if (isChained && operator === 'not in') at++;
  }
  return written;
}

function operatorAt(tokens: readonly Token[], at: number): string | undefined {
  const token = tokens[at];
  if (token?.type === 'ComparisonBinaryOperator') return token.value;
  if (tokens[at - 1]?.type === 'Dot') return undefined;
  if (isWord(token, 'in')) return isWord(tokens[at - 1], 'not') ? undefined : 'in';
  return isWord(token, 'not') && isWord(tokens[at + 1], 'in') ? 'not in' : undefined;
}

function isBetween(tokens: readonly Token[], at: number): boolean {
  const { type = '', value = '' } = tokens[at] ?? {};
  if (type !== 'Identifier') return SIGNS_BETWEEN.has(type);
  return WORDS_BETWEEN.has(value) && tokens[at - 1]?.type !== 'Dot';
}
