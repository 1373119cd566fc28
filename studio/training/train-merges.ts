import { splitWords } from './byte-level.ts';

/** Token ids 0 to 255 are the bytes; id 256 + i is the i-th merge. */
export type Merge = readonly [left: number, right: number];

const NUM_BYTES = 256;
/** Room for both halves of a pair in one number. */
const PAIR_BASE = 2 ** 20;

interface Word {
  symbols: number[];
  readonly count: number;
}

/**
 * Byte-pair encoding (Sennrich et al. 2016) over bytes: joins the most frequent pair of neighbours until there are
 * `numMerges` merges or no pair occurs twice. Among equals the pair with the lowest ids wins, so the result is a
 * function of the texts.
 */
export function trainMerges(texts: readonly string[], numMerges: number): Merge[] {
  const words = countWords(texts);
  const counts = new Map<number, number>();
  const places = new Map<number, Set<number>>();
  const countPair = (pair: number, wordIndex: number, by: number): void => {
    const count = (counts.get(pair) ?? 0) + by;
    if (count === 0) counts.delete(pair);
    else counts.set(pair, count);
    if (by > 0) places.set(pair, (places.get(pair) ?? new Set()).add(wordIndex));
  };
  words.forEach((word, index) => forEachPair(word.symbols, (pair) => countPair(pair, index, word.count)));

  const merges: Merge[] = [];
  while (merges.length < numMerges) {
    const best = mostFrequent(counts);
    if (best === undefined) break;
    const merge: Merge = [Math.floor(best / PAIR_BASE), best % PAIR_BASE];
    const id = NUM_BYTES + merges.length;
    merges.push(merge);
    for (const index of places.get(best) ?? []) {
      const word = words[index];
      if (word === undefined) continue;
      forEachPair(word.symbols, (pair) => countPair(pair, index, -word.count));
      word.symbols = applyMerge(word.symbols, merge, id);
      forEachPair(word.symbols, (pair) => countPair(pair, index, word.count));
    }
    places.delete(best);
  }
  return merges;
}

/** Joins every occurrence of the pair, from the left. */
export function applyMerge(symbols: readonly number[], [left, right]: Merge, id: number): number[] {
  const merged: number[] = [];
  for (let i = 0; i < symbols.length; i++) {
    const symbol = symbols[i] ?? 0;
    if (symbol === left && symbols[i + 1] === right) {
      merged.push(id);
      i++;
    } else merged.push(symbol);
  }
  return merged;
}

function countWords(texts: readonly string[]): Word[] {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of splitWords(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, count]) => ({ symbols: [...Buffer.from(word)], count }));
}

function forEachPair(symbols: readonly number[], visit: (pair: number) => void): void {
  for (let i = 1; i < symbols.length; i++) visit((symbols[i - 1] ?? 0) * PAIR_BASE + (symbols[i] ?? 0));
}

function mostFrequent(counts: ReadonlyMap<number, number>): number | undefined {
  let best: number | undefined;
  let bestCount = 1;
  for (const [pair, count] of counts) {
    if (count > bestCount || (count === bestCount && best !== undefined && pair < best)) {
      best = pair;
      bestCount = count;
    }
  }
  return best;
}
