import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAllowed } from '../../../../src/sampling/allowed-tokens.ts';
import type { Configuration } from '../../../../src/grammar/matching/configuration.ts';
import type { TokenGrammar } from '../../../../src/grammar/matching/token-grammar.ts';
import {
  automaton,
  choice,
  GrammarBuilder,
  repeat,
  sequence,
  smallJson,
} from '../../../support/grammar/automata.ts';
import { SMALL_JSON_TOKENS as TOKENS, tokenGrammarOf } from '../../../support/grammar/vocabulary.ts';

const tokenGrammar = (tokens: readonly string[] = TOKENS, grammar = smallJson()): TokenGrammar =>
  tokenGrammarOf({ grammar }, tokens);

/** A configuration that random allowed tokens lead to. */
function walk(grammar: TokenGrammar, choices: readonly number[], numTokens = TOKENS.length): Configuration[] {
  const reached = [grammar.start];
  let at = grammar.start;
  for (const pick of choices) {
    const allowed = Array.from({ length: numTokens }, (_, id) => id).filter((id) =>
      isAllowed(grammar.allowed(at), id),
    );
    const tokenId = allowed[pick % Math.max(allowed.length, 1)];
    if (tokenId === undefined) break;
    const next = grammar.step(at, tokenId);
    expect(next).toBeDefined();
    if (next === undefined) break;
    reached.push(next);
    at = next;
  }
  return reached;
}

const picks = fc.array(fc.nat(1000), { maxLength: 25 });

describe('the tokens that may follow', () => {
  it('are those that the automata read, one by one', () => {
    const grammar = tokenGrammar();
    fc.assert(
      fc.property(picks, (choices) => {
        for (const at of walk(grammar, choices)) {
          const allowed = grammar.allowed(at);
          for (const tokenId of TOKENS.keys()) {
            expect(isAllowed(allowed, tokenId), `${tokenId}`).toBe(grammar.step(at, tokenId) !== undefined);
          }
        }
      }),
    );
  });

  it('are so with a vocabulary at random too', () => {
    const pieces = fc.array(fc.stringMatching(/^["a-c{}[\],:0-9.tru\\n]{1,6}$/), { maxLength: 40 });
    fc.assert(
      fc.property(pieces, picks, (tokens, choices) => {
        const grammar = tokenGrammar(tokens);
        for (const at of walk(grammar, choices, tokens.length)) {
          for (const tokenId of tokens.keys()) {
            expect(isAllowed(grammar.allowed(at), tokenId)).toBe(grammar.step(at, tokenId) !== undefined);
          }
        }
      }),
    );
  });

  it('are a list while they are few, and bits where they are many', () => {
    const many = Array.from({ length: 4096 }, (_, i) => `${i}`);
    const grammar = tokenGrammar(['"', 't', ...many]);
    expect(grammar.allowed(grammar.start).type).toBe('bits');
    const inWord = grammar.step(grammar.start, 1);
    expect(inWord && grammar.allowed(inWord)).toEqual({ type: 'list', tokenIds: new Int32Array() });
  });
});

describe('the shortest end', () => {
  it('is the same by costs that another process found', () => {
    const made = tokenGrammar();
    const nodeCosts = structuredClone(made.nodeCosts);
    const given = tokenGrammarOf({ grammar: smallJson(), nodeCosts }, TOKENS);
    fc.assert(
      fc.property(picks, (choices) => {
        const ends = [made, given].map((grammar) =>
          walk(grammar, choices).map((at) => [grammar.numBytesToEnd(at), grammar.tokensToEnd(at)]),
        );
        expect(ends[1]).toEqual(ends[0]);
      }),
      { numRuns: 20 },
    );
  });

  it('makes a whole text, in as many bytes as said, and no text is shorter', () => {
    const grammar = tokenGrammar();
    fc.assert(
      fc.property(picks, (choices) => {
        for (const at of walk(grammar, choices)) {
          const tokens = grammar.tokensToEnd(at) ?? [];
          const numBytes = tokens.reduce((sum, tokenId) => sum + (TOKENS[tokenId]?.length ?? 0), 0);
          expect(numBytes).toBe(grammar.numBytesToEnd(at));
          expect(numBytes).toBe(shortestByBreadth(grammar, at));
          const end = tokens.reduce<Configuration | undefined>(
            (from, id) => from && grammar.step(from, id),
            at,
          );
          expect(end?.isComplete).toBe(true);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('is the fewest tokens that write it', () => {
    const make = new GrammarBuilder();
    const grammar = tokenGrammar(['a', 'b', 'ab', 'abc', 'c', 'bcd', 'd'], make.build(make.literal('abcd')));
    expect(grammar.tokensToEnd(grammar.start)).toEqual([3, 6]);
  });

  it('is not there where the vocabulary cannot write it', () => {
    const make = new GrammarBuilder();
    const grammar = tokenGrammar(['a'], make.build(make.literal('ab')));
    expect(grammar.tokensToEnd(grammar.start)).toBeUndefined();
  });
});

/** Bytes to a whole text, by trying all. */
function shortestByBreadth(grammar: TokenGrammar, start: Configuration): number {
  let reached = new Set([start]);
  for (let numBytes = 0; numBytes < 100; numBytes++) {
    if ([...reached].some(({ isComplete }) => isComplete)) return numBytes;
    reached = new Set(
      [...reached].flatMap((at) => Array.from({ length: 128 }, (_, id) => grammar.step(at, id) ?? [])).flat(),
    );
  }
  return Infinity;
}

describe('what a grammar forces', () => {
  it('is looked ahead up to the first choice, and never past an end', () => {
    const make = new GrammarBuilder();
    const digits = make.terminal({ type: 'automaton', automaton: automaton([[0, '01', 1]], [1]) });
    const rest = repeat(make.literal('!'), 0, 1);
    const grammar = tokenGrammar(
      TOKENS,
      make.build(sequence(make.literal('{"a":'), digits, make.literal('}'), rest)),
    );
    const textOf = (ids: readonly number[]): string => ids.map((id) => TOKENS[id]).join('');
    expect(textOf(grammar.forcedTokens(grammar.start))).toBe('{"a":');
    const behindDigit = grammar.step(
      grammar.step(grammar.start, TOKENS.indexOf('{"a":')) ?? grammar.start,
      48,
    );
    expect(behindDigit && textOf(grammar.forcedTokens(behindDigit))).toBe('}');
  });
});

describe('special tokens', () => {
  it('are allowed by name, and are not text', () => {
    const make = new GrammarBuilder();
    const call = sequence({ type: 'specialToken', name: '[CALL]' }, make.literal('ab'));
    const tokens = ['a', 'b', '', 'ab'];
    const source = {
      grammar: make.build(choice(call, make.literal('b'))),
      specialTokenIds: new Map([['[CALL]', 2]]),
    };
    const grammar = tokenGrammarOf(source, tokens);
    expect(grammar.allowed(grammar.start)).toEqual({ type: 'bits', bits: Uint32Array.of(0b110) });
    const behind = grammar.step(grammar.start, 2);
    expect(behind && grammar.tokensToEnd(behind)).toEqual([3]);
    expect(grammar.numBytesToEnd(grammar.start)).toBe(1);
  });
});
