import { EngineError } from '../errors.ts';

export interface StopStringsResult {
  /** Text that is final and holds no part of a stop string. */
  text: string;
  /** The stop string that ended the text; push nothing after it. */
  stopString?: string;
}

/** One stop string and how much of it the text ends with. */
interface Matcher {
  readonly stopString: string;
  /** Knuth, Morris and Pratt's table: the longest proper prefix that is a suffix of each prefix. */
  readonly fallbacks: Int32Array;
  numMatched: number;
}

/**
 * Looks for stop strings in text that comes in pieces. The one that is complete first ends the text, the longest of
 * several that are complete at once; how the text is cut into pieces makes no difference. Nothing is held back but
 * the longest end of the text that begins a stop string.
 *
 * For min_tokens, let the text of those tokens pass by: a stop string that begins in it is not one.
 */
export class StopStrings {
  readonly #matchers: Matcher[];
  #held = '';

  /** Throws `invalid_request` on an empty stop string, which every text would begin with. */
  constructor(stopStrings: readonly string[]) {
    this.#matchers = stopStrings.map((stopString, index) => {
      if (stopString === '') {
        throw new EngineError('invalid_request', 'a stop string must not be empty', {
          param: `stop[${index}]`,
        });
      }
      return { stopString, fallbacks: fallbackTable(stopString), numMatched: 0 };
    });
  }

  push(text: string): StopStringsResult {
    if (this.#matchers.length === 0) return { text };
    const pending = this.#held + text;
    for (let i = 0; i < text.length; i++) {
      const stopString = this.#advance(text.charCodeAt(i));
      if (stopString === undefined) continue;
      const end = this.#held.length + i + 1;
      this.#held = '';
      return { text: pending.slice(0, end - stopString.length), stopString };
    }
    const numHeld = Math.max(...this.#matchers.map(({ numMatched }) => numMatched));
    const end = pending.length - numHeld;
    this.#held = pending.slice(end);
    return { text: pending.slice(0, end) };
  }

  /** What was held back, when no more text comes. */
  flush(): string {
    const held = this.#held;
    this.#held = '';
    for (const matcher of this.#matchers) matcher.numMatched = 0;
    return held;
  }

  /** Takes in one UTF-16 unit; returns the longest stop string that it completes. */
  #advance(unit: number): string | undefined {
    let completed: string | undefined;
    for (const matcher of this.#matchers) {
      const { stopString, fallbacks } = matcher;
      matcher.numMatched = extend(stopString, fallbacks, matcher.numMatched, unit);
      if (matcher.numMatched < stopString.length) continue;
      if (completed === undefined || stopString.length > completed.length) completed = stopString;
    }
    return completed;
  }
}

/** How much of the pattern a text ends with after one more unit, when it ended with `numMatched` before. */
function extend(pattern: string, fallbacks: Int32Array, numMatched: number, unit: number): number {
  let matched = numMatched;
  while (matched > 0 && pattern.charCodeAt(matched) !== unit) matched = fallbacks[matched - 1] ?? 0;
  return pattern.charCodeAt(matched) === unit ? matched + 1 : matched;
}

function fallbackTable(pattern: string): Int32Array {
  const fallbacks = new Int32Array(pattern.length);
  for (let i = 1; i < pattern.length; i++) {
    fallbacks[i] = extend(pattern, fallbacks, fallbacks[i - 1] ?? 0, pattern.charCodeAt(i));
  }
  return fallbacks;
}
