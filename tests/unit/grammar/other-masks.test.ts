import { createHash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readGrammarCorpus } from '../../../bench/harness/grammar-corpus.ts';
import { allowedIds, trieOfTokens, UsedGrammar } from '../../../bench/harness/used-grammar.ts';
import { readJsonFixture } from '../../support/fixtures.ts';
import { goldenVocabulary } from '../../support/grammar/golden-vocabulary.ts';

/**
 * Tokens that llguidance lets follow prefixes of the corpus' grammars (`scripts/goldens/grammar_masks.py`): ours are the
 * same. Prefixes were drawn from llguidance's masks.
 */

interface Masks {
  vocabulary: string;
  /** By name, what llguidance says. */
  refused: Readonly<Record<string, string>>;
  /** By name, why ours has fewer texts. */
  different: Readonly<Record<string, string>>;
  /** A bit for each token at each prefix of those, as zlib packs them. */
  masksOfDifferent: string;
  /** Name, tokens, and a digest of the mask before each of them and behind the last. */
  walks: readonly (readonly [string, string, string])[];
}

/** Refused here, with the reason, and taken by llguidance. */
const REFUSED: Readonly<Record<string, string>> = {
  'snowplow-click': 'must be an integer from 0 to 10000',
  'snowplow-click-small': 'not a known keyword',
};

const DIGEST_LENGTH = 8;
/** Where the next token may be of a number that is written in another way: more than 15 digits, -0. */
const NOT_COMPARED = '-'.repeat(DIGEST_LENGTH);

const MASKS = readJsonFixture('grammars', 'masks.json') as Masks;
const TOKENS = goldenVocabulary();
const TRIE = trieOfTokens(TOKENS);
const CORPUS = readGrammarCorpus();
const MASK_BYTES = Math.ceil(TOKENS.length / 8);

interface Prefix {
  readonly tokenIds: readonly number[];
  readonly digest: string;
}

interface Walk {
  readonly name: string;
  /** Each behind the one before it. */
  readonly prefixes: readonly Prefix[];
}

const WALKS: readonly Walk[] = MASKS.walks.map(([name, tokens, digests]) => {
  const ids = tokens === '' ? [] : tokens.split(' ').map(Number);
  const prefixes = Array.from({ length: ids.length + 1 }, (_, i) => ({
    tokenIds: ids.slice(0, i),
    digest: digests.slice(i * DIGEST_LENGTH, (i + 1) * DIGEST_LENGTH),
  }));
  return { name, prefixes };
});
const walksOf = (name: string): Walk[] => WALKS.filter((walk) => walk.name === name);

interface Allowed {
  readonly ids: number[];
  readonly isEnd: boolean;
}

/** What ours allows behind each prefix of a walk; undefined from the first that is no prefix of a text of ours. */
function* allowedAfter({ matching }: UsedGrammar, { prefixes }: Walk): Generator<Allowed | undefined> {
  let at: typeof matching.start | undefined = matching.start;
  for (const { tokenIds } of prefixes) {
    const last = tokenIds.at(-1);
    if (at !== undefined && last !== undefined) at = matching.step(at, last);
    yield at && { ids: allowedIds(matching.allowed(at)), isEnd: at.isComplete };
  }
}

const textOf = (tokenIds: readonly number[]): string =>
  JSON.stringify(Buffer.concat(tokenIds.map((id) => TOKENS[id] ?? Buffer.of())).toString());

const digestOf = (ids: readonly number[], isEnd: boolean): string =>
  createHash('sha256')
    .update(ids.join(',') + (isEnd ? '.' : ''))
    .digest('hex')
    .slice(0, DIGEST_LENGTH);

const names = [...new Set(WALKS.map(({ name }) => name))].filter((name) => !(name in REFUSED));
const different = names.filter((name) => name in MASKS.different);
const equal = names.filter((name) => !(name in MASKS.different));
const usedOf = (name: string): UsedGrammar => {
  const item = CORPUS.find((it) => it.name === name);
  if (item === undefined) throw new Error(`the corpus has no ${name}`);
  return new UsedGrammar(item.spec, TRIE);
};

it('has the vocabulary of the masks, and 10,000 prefixes', () => {
  const whole = TOKENS.flatMap((token, i) => (i === 0 ? [token] : [Buffer.of(0), token]));
  expect(createHash('sha256').update(Buffer.concat(whole)).digest('hex').slice(0, 16)).toBe(MASKS.vocabulary);
  const prefixes = equal.flatMap(walksOf).flatMap((walk) => walk.prefixes);
  expect(prefixes.filter(({ digest }) => digest !== NOT_COMPARED).length).toBeGreaterThan(10_000);
  expect(CORPUS.length).toBeGreaterThan(200);
});

describe('masks are those of llguidance', () => {
  it.each(equal)('%s', (name) => {
    const used = usedOf(name);
    for (const walk of walksOf(name)) {
      const all = [...allowedAfter(used, walk)];
      for (const [i, { tokenIds, digest }] of walk.prefixes.entries()) {
        if (digest === NOT_COMPARED) continue;
        const allowed = all[i];
        const ours = allowed === undefined ? 'no prefix of a text' : digestOf(allowed.ids, allowed.isEnd);
        expect(ours, `behind ${textOf(tokenIds)}`).toBe(digest);
      }
    }
  });
});

describe('masks are a part of those of llguidance', () => {
  const bits = inflateSync(Buffer.from(MASKS.masksOfDifferent, 'base64'));
  const isAllowed = (mask: number, id: number): boolean =>
    (((bits[mask * MASK_BYTES + (id >> 3)] ?? 0) >> (id & 7)) & 1) === 1;
  /** The masks of one walk follow those of the walk before it. */
  const numMasksBefore = (walk: Walk): number =>
    WALKS.slice(0, WALKS.indexOf(walk))
      .filter(({ name }) => name in MASKS.different)
      .reduce((sum, { prefixes }) => sum + prefixes.length, 0);

  it.each(different)('%s', (name) => {
    const used = usedOf(name);
    let numCompared = 0;
    for (const walk of walksOf(name)) {
      const first = numMasksBefore(walk);
      for (const [i, allowed] of [...allowedAfter(used, walk)].entries()) {
        if (allowed === undefined) break;
        const others = allowed.ids.filter((id) => !isAllowed(first + i, id));
        expect(
          others.map((id) => textOf([id])),
          `behind ${textOf(walk.prefixes[i]?.tokenIds ?? [])}`,
        ).toEqual([]);
        numCompared++;
      }
    }
    expect(numCompared).toBeGreaterThan(0);
  });
});

it.each(Object.entries(REFUSED))('refuses %s', (name, reason) => {
  expect(() => usedOf(name)).toThrow(reason);
});
