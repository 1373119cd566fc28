/** A set of Unicode scalar values: sorted, disjoint ranges `[first, last, first, last, …]`, both ends included. */
export type CodePoints = readonly number[];

export const MAX_CODE_POINT = 0x10ffff;

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

export function rangesOf(set: CodePoints): (readonly [number, number])[] {
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
