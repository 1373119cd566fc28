import type { Effort } from './effort.ts';

/** A set of Unicode scalar values: sorted, disjoint ranges `[first, last, first, last, …]`, both ends included. */
export type CodePoints = readonly number[];

const MAX_CODE_POINT = 0x10ffff;

/** Surrogates are no scalar values: UTF-8 cannot hold them. */
const FIRST_SURROGATE = 0xd800;
const LAST_SURROGATE = 0xdfff;

export const ANY_CODE_POINT: CodePoints = [0, FIRST_SURROGATE - 1, LAST_SURROGATE + 1, MAX_CODE_POINT];

/** The set of these ranges, which may overlap and come in any order. Surrogates are left out. */
export function codePoints(ranges: readonly (readonly [number, number])[]): CodePoints {
  const sorted = ranges.flatMap(withoutSurrogates).sort(([a], [b]) => a - b);
  const merged: number[] = [];
  for (const [first, last] of sorted) {
    const end = merged.at(-1);
    if (end !== undefined && first <= end + 1) merged[merged.length - 1] = Math.max(end, last);
    else merged.push(first, last);
  }
  return merged;
}

/** The set of the characters of a text. */
export const charactersOf = (text: string): CodePoints =>
  codePoints(Array.from(text, (character) => [codePointOf(character), codePointOf(character)] as const));

export const unionOf = (sets: readonly CodePoints[]): CodePoints => codePoints(sets.flatMap(rangesOf));

/** All code points that are not in the set. */
export function complementOf(set: CodePoints): CodePoints {
  const rest: [number, number][] = [];
  let next = 0;
  for (const [first, last] of rangesOf(set)) {
    if (first > next) rest.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= MAX_CODE_POINT) rest.push([next, MAX_CODE_POINT]);
  return codePoints(rest);
}

function rangesOf(set: CodePoints): (readonly [number, number])[] {
  const ranges: [number, number][] = [];
  for (let i = 0; i + 1 < set.length; i += 2) ranges.push([set[i] ?? 0, set[i + 1] ?? 0]);
  return ranges;
}

/** The code point of a text's first character. */
export const codePointOf = (text: string): number => text.codePointAt(0) ?? 0;

function withoutSurrogates([first, last]: readonly [number, number]): [number, number][] {
  const parts: [number, number][] = [];
  if (first < FIRST_SURROGATE) parts.push([first, Math.min(last, FIRST_SURROGATE - 1)]);
  if (last > LAST_SURROGATE) parts.push([Math.max(first, LAST_SURROGATE + 1), last]);
  return parts;
}

/**
 * A partition of the code points into classes that an automaton does not tell apart. Interval `i` goes from `starts[i]`
 * up to the next start, and is of class `classes[i]`; the class of surrogates is -1, since no text holds them.
 */
export interface Alphabet {
  readonly starts: readonly number[];
  readonly classes: readonly number[];
  readonly numClasses: number;
}

/** One class of all code points. */
export const ONE_CLASS: Alphabet = { starts: [0, 0xd800, 0xe000], classes: [0, -1, 0], numClasses: 1 };

/** The coarsest alphabet in which each of the sets is a union of classes. */
export function alphabetOf(sets: readonly CodePoints[], effort: Effort): Alphabet {
  const distinct = [...new Map(sets.map((set) => [set.join(), set])).values()];
  const starts = sortedStarts([ANY_CODE_POINT, ...distinct]);
  let classes = starts.map((start): number => (start >= 0xd800 && start < 0xe000 ? -1 : 0));
  let numClasses = 1;
  for (const set of distinct) {
    effort.spend(starts.length);
    const split = new Map<number, number>();
    const inside = insideOf(starts, set);
    const before = classes;
    classes = before.map((classIndex, i) => {
      if (classIndex < 0) return -1;
      const key = classIndex * 2 + (inside[i] ?? 0);
      const known = split.get(key);
      if (known !== undefined) return known;
      split.set(key, split.size);
      return split.size - 1;
    });
    numClasses = split.size;
  }
  return { starts, classes, numClasses };
}

/** The classes that a set of code points is made of, in an alphabet made of it. */
export function classesOf(alphabet: Alphabet, set: CodePoints): number[] {
  const inside = insideOf(alphabet.starts, set);
  return [...new Set(alphabet.classes.filter((classIndex, i) => classIndex >= 0 && inside[i] === 1))];
}

/** The class of one code point, -1 for a surrogate. */
export function classOf({ starts, classes }: Alphabet, codePoint: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= codePoint) low = middle;
    else high = middle - 1;
  }
  return classes[low] ?? -1;
}

/** The code points of each class. */
export function setsOf({ starts, classes, numClasses }: Alphabet): CodePoints[] {
  const sets = Array.from({ length: numClasses }, (): number[] => []);
  starts.forEach((start, i) => {
    const set = sets[classes[i] ?? -1];
    set?.push(start, (starts[i + 1] ?? 0x110000) - 1);
  });
  return sets;
}

export interface CommonAlphabet {
  readonly alphabet: Alphabet;
  /** The class of the first and of the second alphabet that a class of the common one is part of. */
  readonly first: Int32Array;
  readonly second: Int32Array;
}

/** The coarsest alphabet that refines both. */
export function commonAlphabet(a: Alphabet, b: Alphabet, effort: Effort): CommonAlphabet {
  effort.spend(a.starts.length + b.starts.length);
  const starts = [...new Set([...a.starts, ...b.starts])].sort((x, y) => x - y);
  const ids = new Map<number, number>();
  const first: number[] = [];
  const second: number[] = [];
  const classes = starts.map((start) => {
    const inA = classOf(a, start);
    if (inA < 0) return -1;
    const inB = classOf(b, start);
    const key = inA * b.numClasses + inB;
    const known = ids.get(key);
    if (known !== undefined) return known;
    ids.set(key, first.length);
    first.push(inA);
    second.push(inB);
    return first.length - 1;
  });
  const alphabet = { starts, classes, numClasses: first.length };
  return { alphabet, first: Int32Array.from(first), second: Int32Array.from(second) };
}

function sortedStarts(sets: readonly CodePoints[]): number[] {
  const starts = new Set([0, 0xd800, 0xe000]);
  for (const set of sets)
    for (const [first, last] of rangesOf(set)) {
      starts.add(first);
      if (last < 0x10ffff) starts.add(last + 1);
    }
  return [...starts].sort((a, b) => a - b);
}

/** 1 for each interval that lies in the set, whose ends are among the starts. */
function insideOf(starts: readonly number[], set: CodePoints): Uint8Array {
  const inside = new Uint8Array(starts.length);
  let range = 0;
  starts.forEach((start, i) => {
    while (range < set.length && start > (set[range + 1] ?? 0)) range += 2;
    if (range < set.length && start >= (set[range] ?? 0)) inside[i] = 1;
  });
  return inside;
}
