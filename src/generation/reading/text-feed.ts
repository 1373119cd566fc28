/**
 * A part of a reader: written as if all text were there, it is left at `yield` where more is needed, and goes on once
 * more has come. What it returns is what it read.
 */
export type Reading<T> = Generator<undefined, T, undefined>;

/** Where text goes that is final. */
type OnText = (text: string) => void;

export interface TakeOptions {
  /** White space before a stop is not part of the text: it is held until it is known what follows. */
  holdsSpace?: boolean;
  /** An end of all text that may begin a stop was to be one: it is dropped. */
  dropsPart?: boolean;
}

export interface Taken {
  /** What ended it, consumed; undefined: the end of all text. */
  stop: string | undefined;
  /** White space before the stop, where it was held. */
  space: string;
}

/**
 * Text that comes in pieces, and the place up to which it was read. What was read is forgotten, but for what lies behind
 * a mark: a reader that finds that it was wrong goes back to it.
 */
export class TextFeed {
  #text = '';
  #position = 0;
  #mark: number | undefined;
  #isEnded = false;
  #isCut = false;

  append(text: string): void {
    const kept = this.#mark ?? this.#position;
    this.#text = this.#text.slice(kept) + text;
    this.#position -= kept;
    if (this.#mark !== undefined) this.#mark = 0;
  }

  /** No more text comes. @param isCut the model had not finished */
  end(isCut: boolean): void {
    this.#isEnded = true;
    this.#isCut = isCut;
  }

  /** All text was read, and the model had not finished it: what was read last may be a part of something. */
  get isCutHere(): boolean {
    return this.#isCut && this.#isEnded && this.#position === this.#text.length;
  }

  /** Remembers this place. */
  mark(): void {
    this.#mark = this.#position;
  }

  /** Forgets the mark. */
  release(): void {
    this.#mark = undefined;
  }

  /** Goes back to the mark, and forgets it. */
  rewind(): void {
    this.#position = this.#mark ?? this.#position;
    this.#mark = undefined;
  }

  /** Waits for more text; false: there is none. */
  *more(): Reading<boolean> {
    const numLeft = this.#text.length - this.#position;
    while (this.#text.length - this.#position === numLeft) {
      if (this.#isEnded) return false;
      yield;
    }
    return true;
  }

  /** The next character, which stays; undefined: the end. */
  *peek(): Reading<string | undefined> {
    if (this.#position === this.#text.length && !(yield* this.more())) return undefined;
    return this.#text[this.#position];
  }

  /** Consumes the next character if it is this one. */
  *takeIf(character: string): Reading<boolean> {
    if ((yield* this.peek()) !== character) return false;
    this.#position++;
    return true;
  }

  /** Consumes the characters that are there and pass, without waiting for more. */
  takeNow(passes: (character: string) => boolean): string {
    const start = this.#position;
    while (this.#position < this.#text.length && passes(this.#text.charAt(this.#position))) this.#position++;
    return this.#text.slice(start, this.#position);
  }

  /** Consumes white space, and returns it. */
  *takeSpace(): Reading<string> {
    return yield* this.takeWhile(isSpace);
  }

  /** Consumes the characters that pass, at most so many. */
  *takeWhile(passes: (character: string) => boolean, most = Infinity): Reading<string> {
    let taken = '';
    for (;;) {
      const room = most - taken.length;
      let numTaken = 0;
      taken += this.takeNow((character) => numTaken++ < room && passes(character));
      const isOver = this.#position < this.#text.length || taken.length >= most;
      if (isOver || !(yield* this.more())) return taken;
    }
  }

  /**
   * Consumes this text if it is what follows; `part`: the text ended in the middle of it, and that is consumed.
   */
  *takeText(text: string): Reading<'whole' | 'part' | 'none'> {
    for (;;) {
      const next = this.#text.slice(this.#position, this.#position + text.length);
      if (next === text) {
        this.#position += text.length;
        return 'whole';
      }
      if (!text.startsWith(next)) return 'none';
      if (yield* this.more()) continue;
      this.#position = this.#text.length;
      return next === '' ? 'none' : 'part';
    }
  }

  /**
   * Hands on text up to the first of the stops, and consumes that. Nothing is held back but the longest end of the text
   * that may begin a stop.
   */
  *takeUntil(
    stops: readonly string[],
    onText: OnText,
    { holdsSpace = false, dropsPart = false }: TakeOptions = {},
  ): Reading<Taken> {
    const longest = Math.max(0, ...stops.map(({ length }) => length));
    for (;;) {
      const found = findFirst(this.#text, stops, this.#position);
      if (found !== undefined) {
        const end = holdsSpace ? trimmedEnd(this.#text, this.#position, found.index) : found.index;
        this.#handOn(end, onText);
        const space = this.#text.slice(end, found.index);
        this.#position = found.index + found.stop.length;
        return { stop: found.stop, space };
      }
      const held = heldFrom(this.#text, stops, Math.max(this.#position, this.#text.length - longest + 1));
      this.#handOn(holdsSpace ? trimmedEnd(this.#text, this.#position, held) : held, onText);
      if (yield* this.more()) continue;
      this.#handOn(dropsPart ? held : this.#text.length, onText);
      this.#position = this.#text.length;
      return { stop: undefined, space: '' };
    }
  }

  #handOn(end: number, onText: OnText): void {
    if (end <= this.#position) return;
    const text = this.#text.slice(this.#position, end);
    this.#position = end;
    onText(text);
  }

  /**
   * Consumes a JSON object or list, and hands its text on as it comes. Its end is found by counting brackets outside of
   * strings. False: the text ended before.
   */
  *takeBalanced(onText: OnText): Reading<boolean> {
    const brackets = new BracketCounter();
    for (;;) {
      const end = brackets.findEnd(this.#text, this.#position);
      this.#handOn(end ?? this.#text.length, onText);
      if (end !== undefined) return true;
      if (!(yield* this.more())) return false;
    }
  }

  /** All that is left, as it comes. */
  *takeRest(onText: OnText): Reading<void> {
    do this.#handOn(this.#text.length, onText);
    while (yield* this.more());
  }
}

/** Counts the brackets of a JSON text that comes in pieces. */
class BracketCounter {
  #depth = 0;
  #isString = false;
  #isEscaped = false;

  /** Behind the bracket that closes the first; undefined: it is not in this text. */
  findEnd(text: string, start: number): number | undefined {
    for (let index = start; index < text.length; index++) {
      this.#count(text.charAt(index));
      if (this.#depth === 0 && !this.#isString) return index + 1;
    }
    return undefined;
  }

  #count(character: string): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (character === '"') this.#isString = !this.#isString;
    else if (this.#isString) this.#isEscaped = character === '\\';
    else if (character === '{' || character === '[') this.#depth++;
    else if (character === '}' || character === ']') this.#depth--;
  }
}

export const isSpace = (character: string): boolean =>
  character === ' ' || character === '\n' || character === '\t' || character === '\r';

/** The stop that begins first; of several at one place the longest. */
function findFirst(
  text: string,
  stops: readonly string[],
  from: number,
): { stop: string; index: number } | undefined {
  let first: { stop: string; index: number } | undefined;
  for (const stop of stops) {
    const index = text.indexOf(stop, from);
    if (index === -1) continue;
    if (
      first === undefined ||
      index < first.index ||
      (index === first.index && stop.length > first.stop.length)
    ) {
      first = { stop, index };
    }
  }
  return first;
}

/** Where the longest end of the text begins that may become a stop. */
function heldFrom(text: string, stops: readonly string[], from: number): number {
  for (let index = from; index < text.length; index++) {
    const tail = text.slice(index);
    if (stops.some((stop) => stop.startsWith(tail))) return index;
  }
  return text.length;
}

function trimmedEnd(text: string, start: number, end: number): number {
  let trimmed = end;
  while (trimmed > start && isSpace(text.charAt(trimmed - 1))) trimmed--;
  return trimmed;
}
