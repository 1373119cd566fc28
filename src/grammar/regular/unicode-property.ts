import { codePoints, complementOf, type CodePoints } from './code-points.ts';

/** Names are few hundred; each set is some hundred ranges. */
const known = new Map<string, CodePoints>();

/**
 * The code points with a Unicode property, `L` or `Script=Greek`: asked of JavaScript's own engine, so that both have
 * the same version of Unicode. The name was accepted by RegExp.
 */
export function unicodeProperty(name: string, negative: boolean): CodePoints {
  let set = known.get(name);
  if (set === undefined) {
    set = askEngine(name);
    known.set(name, set);
  }
  return negative ? complementOf(set) : set;
}

let all: string | undefined;

function askEngine(name: string): CodePoints {
  all ??= everyScalarValue();
  const ranges: [number, number][] = [];
  for (const { 0: run } of all.matchAll(new RegExp(`\\p{${name}}+`, 'gu')))
    ranges.push([run.codePointAt(0) ?? 0, lastCodePoint(run)]);
  return codePoints(ranges);
}

/** The last code point of a run: behind a high surrogate, it takes two units. */
function lastCodePoint(run: string): number {
  const pair = run.codePointAt(run.length - 2);
  return pair !== undefined && pair > 0xffff ? pair : run.charCodeAt(run.length - 1);
}

/** All scalar values in order, 4 MB. A run across the surrogates is split by codePoints(). */
function everyScalarValue(): string {
  const parts: string[] = [];
  for (let first = 0; first <= 0x10ffff; first += 0x1000) {
    const block = Array.from({ length: 0x1000 }, (_, i) => first + i);
    parts.push(String.fromCodePoint(...block.filter(isScalar)));
  }
  return parts.join('');
}

const isScalar = (value: number): boolean => value < 0xd800 || value >= 0xe000;
