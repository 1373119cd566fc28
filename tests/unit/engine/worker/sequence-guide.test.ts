import { describe, expect, it } from 'vitest';
import { SequenceGuide } from '../../../../src/engine/worker/sequence-guide.ts';
import { compileGrammar } from '../../../../src/grammar/compile/compile-grammar.ts';
import type { TokenGrammar } from '../../../../src/grammar/matching/token-grammar.ts';
import { SMALL_JSON_TOKENS, tokenGrammarOf } from '../../../support/grammar/vocabulary.ts';

/** Each letter may be of three rules, and each position has stacks that were not there before. */
const ambiguous = (): TokenGrammar =>
  tokenGrammarOf(
    {
      grammar: compileGrammar({
        type: 'ebnf',
        text: 'root ::= s\ns ::= [ab] s | [ab] s "b" | [ab] s "c" | "d"',
        param: 'grammar',
      }),
    },
    SMALL_JSON_TOKENS,
  );

function write(guide: SequenceGuide, numTokens: number): void {
  for (let i = 0; i < numTokens; i++) {
    guide.allowed();
    guide.accept((i % 2 === 0 ? 'a' : 'b').charCodeAt(0));
  }
}

describe('the work for a text', () => {
  it('has a bound at its start, and more for each token', () => {
    const complaint = expect.objectContaining({ code: 'format_too_complex' }) as Error;
    expect(() => {
      write(new SequenceGuide(ambiguous(), 1_000, { atStart: 5_000, aToken: 10 }), 200);
    }).toThrow(complaint);
    write(new SequenceGuide(ambiguous(), 1_000, { atStart: 5_000, aToken: 20_000 }), 200);
    write(new SequenceGuide(ambiguous(), 1_000), 200);
  });
});
