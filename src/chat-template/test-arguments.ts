import type { Token } from '@huggingface/jinja';

/** What a test with an argument becomes begins so, which no template can write. */
export const TEST = ' is ';
export const NEGATED_TEST = ' not ';

const OPENING: Readonly<Record<string, string>> = {
  OpenParen: 'CloseParen',
  OpenSquareBracket: 'CloseSquareBracket',
  OpenCurlyBracket: 'CloseCurlyBracket',
};
/** What follows a test without an argument. */
const WORDS_BETWEEN: ReadonlySet<string> = new Set(['and', 'or', 'else', 'if', 'is', 'in', 'not']);
const VALUES: ReadonlySet<string> = new Set(['Identifier', 'NumericLiteral', 'StringLiteral']);

export const isWord = (token: Token | undefined, word: string): boolean =>
  token?.type === 'Identifier' && token.value === word;

/**
 * The library's parser (0.5) knows no test with an argument, such as `is divisibleby(3)` or `is in ['a']`. This turns
 * them into filters, which bind as tests do.
 */
export function withTestArguments(tokens: readonly Token[]): Token[] {
  const written: Token[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === undefined) break;
    const isTest = isWord(token, 'is') && tokens[at - 1]?.type !== 'Dot';
    const nameAt = at + (isWord(tokens[at + 1], 'not') ? 2 : 1);
    const name = tokens[nameAt];
    const end = isTest && name?.type === 'Identifier' ? endOfArgument(tokens, nameAt + 1) : undefined;
    if (name === undefined || end === undefined) {
      written.push(token);
      continue;
    }
    const prefix = nameAt === at + 1 ? TEST : NEGATED_TEST;
    const argument = withTestArguments(tokens.slice(nameAt + 1, end));
    const isCall = argument[0]?.type === 'OpenParen' && closeOf(argument, 0) === argument.length - 1;
    written.push({ type: 'Pipe', value: '|' }, { type: 'Identifier', value: prefix + name.value });
    if (isCall) written.push(...argument);
    else written.push({ type: 'OpenParen', value: '(' }, ...argument, { type: 'CloseParen', value: ')' });
    at = end - 1;
  }
  return written;
}

/** Behind a value with its keys and calls; undefined where none begins. */
function endOfArgument(tokens: readonly Token[], start: number): number | undefined {
  const first = tokens[start];
  if (first === undefined) return undefined;
  let end: number;
  if (Object.hasOwn(OPENING, first.type)) end = closeOf(tokens, start) + 1;
  else if (!VALUES.has(first.type) || (first.type === 'Identifier' && WORDS_BETWEEN.has(first.value)))
    return undefined;
  else end = start + 1;
  for (;;) {
    const type = tokens[end]?.type;
    if (type === 'Dot') end += 2;
    else if (type === 'OpenParen' || type === 'OpenSquareBracket') end = closeOf(tokens, end) + 1;
    else return end;
  }
}

/** Where what opens at a place closes; the last token where it does not. */
function closeOf(tokens: readonly Token[], start: number): number {
  let depth = 0;
  for (let at = start; at < tokens.length; at++) {
    const type = tokens[at]?.type ?? '';
    if (Object.hasOwn(OPENING, type)) depth++;
    else if (Object.values(OPENING).includes(type) && --depth === 0) return at;
  }
  return tokens.length - 1;
}
