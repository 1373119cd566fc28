import type { ByteAutomaton } from '../grammar.ts';
import { DEAD } from './terminal-states.ts';

/**
 * Where a text can be within the content of a JSON string: a state of the content's automaton, and how much of an escape
 * has been read. Places are numbers, 0 the start, each of which can be reached.
 */
export interface SizedPlaces {
  readonly numPlaces: number;
  /** 1 where the content may end: [places]. */
  readonly accepts: Uint8Array;
  /** Bytes of one class lead to the same places and begin the same characters: [256]. */
  readonly classOf: Uint8Array;
  readonly numClasses: number;
  /** The next place, or DEAD: [places * classes]. */
  readonly next: Int32Array;
  /** 1 where the byte begins a character: [places * classes]. */
  readonly begins: Uint8Array;
  /** The first byte of each class: [classes]. */
  readonly byteOf: Uint8Array;
  /** 1 for a class of one byte: [classes]. */
  readonly isOneByte: Uint8Array;
}

const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
/** How much of an escape was read: nothing, the backslash, then `u` and up to three of its four digits. */
const OUTSIDE = 0;
const AT_LETTER = 1;
const AT_DIGIT = 2;
const NUM_ESCAPE_STATES = 6;

const afterByte = (escape: number, byte: number): number => {
  if (escape === OUTSIDE) return byte === BACKSLASH ? AT_LETTER : OUTSIDE;
  if (escape === AT_LETTER) return byte === LETTER_U ? AT_DIGIT : OUTSIDE;
  return escape + 1 === NUM_ESCAPE_STATES ? OUTSIDE : escape + 1;
};

const isContinuation = (byte: number): boolean => byte >= 0x80 && byte < 0xc0;
const kindOf = (byte: number): number =>
  byte === BACKSLASH ? 1 : byte === LETTER_U ? 2 : isContinuation(byte) ? 3 : 0;

/** @param automaton of the content, without the quotes */
export function sizedPlaces(automaton: ByteAutomaton): SizedPlaces {
  const { classOf, byteOf, isOneByte } = refinedClasses(automaton);
  const numClasses = byteOf.length;
  const numbers = new Map<number, number>([[0, 0]]);
  const keys = [0];
  const next: number[] = [];
  const begins: number[] = [];
  for (let place = 0; place < keys.length; place++) {
    const escape = (keys[place] ?? 0) % NUM_ESCAPE_STATES;
    const state = ((keys[place] ?? 0) - escape) / NUM_ESCAPE_STATES;
    for (const byte of byteOf) {
      const to = automaton.next[state * automaton.numClasses + (automaton.classOf[byte] ?? 0)] ?? DEAD;
      begins.push(escape === OUTSIDE && !isContinuation(byte) ? 1 : 0);
      if (to === DEAD) {
        next.push(DEAD);
        continue;
      }
      const key = to * NUM_ESCAPE_STATES + afterByte(escape, byte);
      const number = numbers.get(key) ?? keys.push(key) - 1;
      numbers.set(key, number);
      next.push(number);
    }
  }
  return {
    numPlaces: keys.length,
    accepts: Uint8Array.from(keys, (key) =>
      key % NUM_ESCAPE_STATES === OUTSIDE ? (automaton.accepts[key / NUM_ESCAPE_STATES] ?? 0) : 0,
    ),
    classOf,
    numClasses,
    next: Int32Array.from(next),
    begins: Uint8Array.from(begins),
    byteOf,
    isOneByte,
  };
}

function refinedClasses(automaton: ByteAutomaton): {
  classOf: Uint8Array;
  byteOf: Uint8Array;
  isOneByte: Uint8Array;
} {
  const numbers = new Map<number, number>();
  const members: number[][] = [];
  const classOf = Uint8Array.from({ length: 256 }, (_, byte) => {
    const key = (automaton.classOf[byte] ?? 0) * 4 + kindOf(byte);
    const number = numbers.get(key) ?? members.push([]) - 1;
    numbers.set(key, number);
    members[number]?.push(byte);
    return number;
  });
  return {
    classOf,
    byteOf: Uint8Array.from(members, ([first = 0]) => first),
    isOneByte: Uint8Array.from(members, ({ length }) => (length === 1 ? 1 : 0)),
  };
}
