import { assertInvariant } from '../../src/errors.ts';
import { randomAt } from '../../src/sampling/seeded-random.ts';
import type { TokenGrammar } from '../../src/grammar/matching/token-grammar.ts';
import { allowedIds } from './used-grammar.ts';

/** Most tokens that are drawn freely; then the text is brought to its end. */
const FREE_TOKENS = 64;
const MOST_END_TOKENS = 64;
/** Of the tokens drawn freely, those that go towards the end of the text: without them a string never closes. */
const SHARE_TO_END = 0.2;

/** Texts of a grammar as tokens, the same in each run. */
export function drawTokens(
  grammar: TokenGrammar,
  tokens: readonly Uint8Array[],
  name: string,
  count: number,
): number[][] {
  const random = seededBy(name);
  return Array.from({ length: count }, () => drawText(grammar, tokens, random));
}

function drawText(grammar: TokenGrammar, tokens: readonly Uint8Array[], random: () => number): number[] {
  const drawn: number[] = [];
  let at = grammar.start;
  while (drawn.length < FREE_TOKENS) {
    const ids = allowedIds(grammar.allowed(at));
    if (ids.length === 0) return drawn;
    const [towardsEnd] = random() < SHARE_TO_END ? (grammar.tokensToEnd(at) ?? []) : [];
    const token = towardsEnd ?? drawOne(ids, tokens, random);
    const next = grammar.step(at, token);
    assertInvariant(next !== undefined, `the mask allows token ${token}, so that the step takes it`);
    drawn.push(token);
    at = next;
  }
  return [...drawn, ...(grammar.tokensToEnd(at) ?? []).slice(0, MOST_END_TOKENS)];
}

/** A kind of first byte, then a byte of it, then a token that begins so: rare ones are drawn as often as words. */
function drawOne(ids: readonly number[], tokens: readonly Uint8Array[], random: () => number): number {
  const byKind = new Map<string, Map<number, number[]>>();
  for (const id of ids) {
    const byte = tokens[id]?.[0] ?? 0;
    const kind = kindOf(byte);
    const byByte = byKind.get(kind) ?? new Map<number, number[]>();
    byKind.set(kind, byByte);
    const same = byByte.get(byte);
    if (same === undefined) byByte.set(byte, [id]);
    else same.push(id);
  }
  const kind = oneOf([...byKind.values()], random);
  return oneOf(oneOf([...kind.values()], random), random);
}

function kindOf(byte: number): string {
  if (byte >= 128) return 'beyond ASCII';
  const character = String.fromCharCode(byte);
  if (/[a-zA-Z]/.test(character)) return 'letter';
  if (/\d/.test(character)) return 'digit';
  return /\s/.test(character) ? 'space' : 'mark';
}

function oneOf<T>(items: readonly T[], random: () => number): T {
  const item = items[Math.floor(random() * items.length)];
  assertInvariant(item !== undefined, 'there is something to draw from');
  return item;
}

/** Numbers from 0 to 1 that a name gives. */
function seededBy(name: string): () => number {
  const seed = Array.from(name).reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) % 2 ** 31, 7);
  let index = 0;
  return () => randomAt(seed, 0, index++);
}
