import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { FORMAT_KINDS, formatSchema, type FormatKind } from '../../../../bench/harness/format-schemas.ts';
import { toMark } from '../../../../bench/harness/first-tokens.ts';
import { trialFields } from '../../../../bench/harness/format-trials.ts';
import { compileGrammar } from '../../../../src/grammar/compile/compile-grammar.ts';
import { GrammarVocabulary } from '../../../../src/grammar/matching/grammar-vocabulary.ts';
import { TokenGrammar } from '../../../../src/grammar/matching/token-grammar.ts';
import { TokenTrie } from '../../../../src/grammar/matching/token-trie.ts';

const bytes = new GrammarVocabulary(TokenTrie.build(256, (byte) => Uint8Array.of(byte)));

/** The shortest text of a schema, a token for each of its bytes. */
function shortestText(schema: unknown): string {
  const grammar = compileGrammar({ type: 'jsonSchema', schema, param: 'schema' });
  const matched = new TokenGrammar({ grammar, specialTokenIds: new Map() }, bytes);
  return Buffer.from(matched.tokensToEnd(matched.start) ?? []).toString();
}

/** Names and constants: all words of a schema that are not of JSON Schema itself. */
function wordsOf(schema: unknown, kind: FormatKind): string[] {
  const text = JSON.stringify(schema);
  const names = text.match(/"(user|name|address|city|zip|active|id|tag|latitude|count|text|kind|radius|side|value|next|red|circle)[a-z]*"/g); // prettier-ignore
  return names ?? (kind === 'pattern' ? [text.match(/\^[a-z]*/)?.[0] ?? ''] : []);
}

describe.each(FORMAT_KINDS)('%s', (kind) => {
  it('is a schema by a validator that is not ours, and so is its shortest text', () => {
    for (const mark of ['', toMark(17)]) {
      const schema = formatSchema(kind, 3, mark);
      const validate = new Ajv2020({ strict: true, strictTypes: false }).compile(schema);
      const value = JSON.parse(shortestText(schema)) as unknown[];
      expect(validate(value), JSON.stringify(validate.errors)).toBe(true);
      expect(value).toHaveLength(3);
      expect(validate(value.slice(1))).toBe(false);
    }
  });

  it('has other words with each mark', () => {
    const [one, other] = [wordsOf(formatSchema(kind, 1, toMark(1)), kind), wordsOf(formatSchema(kind, 1, toMark(2)), kind)]; // prettier-ignore
    expect(one.length).toBeGreaterThan(0);
    expect(one.filter((word) => other.includes(word))).toEqual([]);
  });

  it('leaves a turn room for its least items, whatever the vocabulary', () => {
    const fields = trialFields('served', 'with', kind, 3, { maxTokens: 96, seed: 0 });
    expect(Buffer.byteLength(shortestText(fields['guided_json']))).toBeLessThan(Number(fields['max_tokens']));
  });
});

describe('trialFields', () => {
  const params = { maxTokens: 96, seed: 5 };
  const seeds = [0, 1, 2].flatMap((round) =>
    FORMAT_KINDS.map((kind) => trialFields('served', 'with', kind, round, params)['seed']),
  );

  it('has a seed of its own for each stream and round, the same with a format and without', () => {
    expect(new Set(seeds).size).toBe(24);
    const without = [0, 1, 2].flatMap((round) =>
      FORMAT_KINDS.map((kind) => trialFields('served', 'without', kind, round, params)['seed']),
    );
    expect(without).toEqual(seeds);
  });

  it('lets a stream without a format have as many tokens as it was asked for', () => {
    expect(trialFields('served', 'without', 'enum', 0, params)).toEqual({
      temperature: 1,
      seed: 6,
      max_tokens: 96,
      ignore_eos: true,
    });
  });

  it('asks both sides for logprobs where they are to compute the same rows', () => {
    const logprobsOf = (side: 'with' | 'without'): unknown =>
      trialFields('same-rows', side, 'enum', 0, params)['logprobs'];
    expect([logprobsOf('with'), logprobsOf('without')]).toEqual([0, 0]);
  });
});

it('has another mark for each number, of letters alone', () => {
  const marks = Array.from({ length: 500 }, (_, i) => toMark(i));
  expect(new Set(marks).size).toBe(500);
  expect(marks.filter((mark) => !/^[a-z]+$/.test(mark))).toEqual([]);
});
