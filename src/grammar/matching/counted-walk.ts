import { concatenate } from './concatenate.ts';
import { DEAD, type CountedStates } from './terminal-states.ts';
import type { TokenTrie } from './token-trie.ts';
import type { TokenWalk } from './token-walk.ts';

/**
 * The tokens that a counted terminal reads, whatever its least and most: a walk without bounds that notes how many words
 * each token needs. A string near its greatest length has another state for each character, and they all share this walk.
 */
export class CountedWalk {
  /** Tokens that end among the words, and the words that they begin or go on with. */
  readonly #inside: ByWords;
  /** Tokens that end in the literal behind the words, and the whole words before it. */
  readonly #behind: ByWords;
  /** Nodes at which the terminal may end, and the whole words before. */
  readonly #ends: ByWords;
  readonly #mostWords: number;

  /** @param place in the first word, see CountedStates */
  constructor(trie: TokenTrie, counted: CountedStates, place: number) {
    const { inside, behind, ends } = walkWords(trie, counted, place);
    this.#inside = byWords(inside);
    this.#behind = byWords(behind);
    this.#ends = byWords(ends);
    this.#mostWords = Math.max(...[this.#inside, this.#behind, this.#ends].map(({ most }) => most));
  }

  /** Of memory, about. */
  get numBytes(): number {
    return 4 * [this.#inside, this.#behind, this.#ends].reduce((sum, { ids }) => sum + ids.length, 0);
  }

  /** How many more words may come, and how many must, as far as it makes a difference. */
  clamp(mayCome: number, mustCome: number): { mayCome: number; mustCome: number } {
    return {
      mayCome: Math.min(mayCome, this.#mostWords),
      mustCome: Math.min(mustCome, this.#mostWords + 1),
    };
  }

  tokens(mayCome: number, mustCome: number): TokenWalk {
    return {
      tokenIds: concatenate([pick(this.#inside, 0, mayCome), pick(this.#behind, mustCome, mayCome)]),
      endNodes: pick(this.#ends, mustCome, mayCome),
    };
  }
}

/** Tokens or nodes, and a number of words for each. */
interface Noted {
  readonly ids: number[];
  readonly words: number[];
}

/** What was noted, sorted: what needs few words comes first. */
interface ByWords {
  readonly ids: Int32Array;
  /** How many ids have fewer words than the index: [most + 2]. */
  readonly fewer: Int32Array;
  readonly most: number;
}

function byWords({ ids, words }: Noted): ByWords {
  const most = words.reduce((one, other) => (one > other ? one : other), 0);
  const fewer = new Int32Array(most + 2);
  for (const count of words) fewer[count + 1] = (fewer[count + 1] ?? 0) + 1;
  for (let i = 1; i < fewer.length; i++) fewer[i] = (fewer[i] ?? 0) + (fewer[i - 1] ?? 0);
  const next = fewer.slice();
  const sorted = new Int32Array(ids.length);
  words.forEach((count, i) => {
    const at = next[count] ?? 0;
    sorted[at] = ids[i] ?? 0;
    next[count] = at + 1;
  });
  return { ids: sorted, fewer, most };
}

/** A view of those that have so many words. */
function pick({ ids, fewer, most }: ByWords, least: number, greatest: number): Int32Array {
  const from = fewer[Math.min(least, most + 1)] ?? 0;
  return ids.subarray(from, Math.max(from, fewer[Math.min(greatest, most) + 1] ?? 0));
}

function walkWords(
  { data }: TokenTrie,
  { word, suffix, firstSuffixPlace }: CountedStates,
  start: number,
): { inside: Noted; behind: Noted; ends: Noted } {
  const { byteOf, depthOf, endOf, tokensFrom, tokenIds } = data;
  const inside: Noted = { ids: [], words: [] };
  const behind: Noted = { ids: [], words: [] };
  const ends: Noted = { ids: [], words: [] };
  const lastPlace = firstSuffixPlace + suffix.length - 1;
  const placeAt = [start]; // by depth
  const wordsAt = [0]; // by depth: whole ones
  for (let node = 1; node < byteOf.length;) {
    const depth = depthOf[node] ?? 0;
    const byte = byteOf[node] ?? 0;
    const place = placeAt[depth - 1] ?? 0;
    let words = wordsAt[depth - 1] ?? 0;
    let next: number;
    if (place >= firstSuffixPlace) {
      next = suffix[place - firstSuffixPlace + 1] === byte ? place + 1 : DEAD;
    } else if (place === 0 && suffix[0] === byte) {
      next = firstSuffixPlace;
    } else {
      next = word.step(place, byte);
      if (next !== DEAD && word.accepts(next)) {
        next = 0;
        words++;
      }
    }
    const nodeEnd = endOf[node] ?? byteOf.length;
    if (next === DEAD) {
      node = nodeEnd;
      continue;
    }
    placeAt[depth] = next;
    wordsAt[depth] = words;
    const isBehind = next >= firstSuffixPlace;
    const noted = isBehind ? behind : inside;
    for (let at = tokensFrom[node] ?? 0; at < (tokensFrom[node + 1] ?? 0); at++) {
      noted.ids.push(tokenIds[at] ?? 0);
      noted.words.push(isBehind || next === 0 ? words : words + 1);
    }
    const mayEnd = suffix.length === 0 ? next === 0 : next === lastPlace;
    if (mayEnd && nodeEnd > node + 1) {
      ends.ids.push(node);
      ends.words.push(words);
    }
    node++;
  }
  return { inside, behind, ends };
}
