/** Where the text of a completion reasons: between two tags. Their characters are ASCII. */
export interface ReasoningTags {
  readonly opening: string;
  readonly closing: string;
  /** The prompt ends in the opening tag. */
  readonly startsInside: boolean;
}

/** `before`: the opening tag may still come; `behind`: there is no reasoning any more, or never was. */
export type ReasoningPhase = 'before' | 'inside' | 'behind';

/**
 * Follows one text token by token, and counts those of its reasoning. It goes by bytes: a tag may be one token or
 * several, and a token may hold a tag and what stands beside it. The text begins with the opening tag, perhaps behind
 * white space, or has no reasoning; so the reader of answers has it (`readAnswerText`).
 */
export class ReasoningMeter {
  readonly #opening: Uint8Array;
  readonly #closing: Uint8Array;
  #phase: ReasoningPhase;
  /** Bytes of the opening tag that the text is made of so far; undefined: it cannot come any more. */
  #numOpeningBytes: number | undefined = 0;
  /** Bytes of the closing tag that the text ends in. */
  #numClosingBytes = 0;
  /** Of the character that the text ends in, bytes that are still to come. */
  #numMissingBytes = 0;
  /** Bytes of the reasoning. */
  #numBytes = 0;
  #numTokens = 0;
  /** Where the last tokens end, in bytes of the reasoning: those that may hold a part of the closing tag. */
  #lastEnds: number[] = [];

  constructor({ opening, closing, startsInside }: ReasoningTags) {
    this.#opening = Buffer.from(opening);
    this.#closing = Buffer.from(closing);
    this.#phase = startsInside ? 'inside' : 'before';
  }

  get phase(): ReasoningPhase {
    return this.#phase;
  }

  /** Tokens between the tags. One that holds a byte of a tag is the tag's; a closing tag counts once it is whole. */
  get numTokens(): number {
    return this.#numTokens;
  }

  get numClosingBytes(): number {
    return this.#numClosingBytes;
  }

  /** Whether the reasoning ends in a part of a character. */
  get isInsideCharacter(): boolean {
    return this.#numMissingBytes > 0;
  }

  /** Takes the bytes of the text's next token; none for one that is no text. */
  push(bytes: Uint8Array): void {
    if (this.#phase === 'behind') return;
    let isTag = this.#phase === 'before';
    for (const byte of bytes) {
      if (this.#opens(byte)) {
        this.#begin();
        isTag = true;
      } else if (this.#phase === 'inside') this.#take(byte);
    }
    if (isTag || this.#phase !== 'inside') return;
    this.#numTokens++;
    this.#lastEnds.push(this.#numBytes);
    const first = this.#lastEnds.findIndex((end) => end > this.#numBytes - this.#closing.length);
    this.#lastEnds.splice(0, first);
  }

  /** Whether the opening tag is whole with this byte. */
  #opens(byte: number): boolean {
    if (this.#numOpeningBytes === undefined) return false;
    if (this.#numOpeningBytes === 0 && isSpace(byte)) return false;
    if (byte !== this.#opening[this.#numOpeningBytes]) {
      this.#numOpeningBytes = undefined;
      if (this.#phase === 'before') this.#phase = 'behind';
      return false;
    }
    this.#numOpeningBytes++;
    return this.#numOpeningBytes === this.#opening.length;
  }

  #begin(): void {
    this.#phase = 'inside';
    this.#numOpeningBytes = undefined;
    this.#numClosingBytes = 0;
    this.#numBytes = 0;
    this.#numTokens = 0;
    this.#lastEnds = [];
  }

  #take(byte: number): void {
    this.#numBytes++;
    this.#numMissingBytes = bytesMissingAfter(byte, this.#numMissingBytes);
    this.#numClosingBytes = tagBytesAfter(this.#closing, this.#numClosingBytes, byte);
    if (this.#numClosingBytes < this.#closing.length) return;
    this.#phase = 'behind';
    const start = this.#numBytes - this.#closing.length;
    this.#numTokens -= this.#lastEnds.filter((end) => end > start).length;
  }
}

/** As the reader of answers has it. */
const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x09 || byte === 0x0d;

/** UTF-8: how many bytes of the character are still to come; bytes that belong to none are taken for whole ones. */
function bytesMissingAfter(byte: number, numMissing: number): number {
  if ((byte & 0xc0) === 0x80) return Math.max(numMissing - 1, 0);
  if (byte >= 0xf0) return 3;
  if (byte >= 0xe0) return 2;
  return byte >= 0xc0 ? 1 : 0;
}

/** How many of the first bytes of a tag the text ends in, which ended in `numBefore` of them, after another byte. */
function tagBytesAfter(tag: Uint8Array, numBefore: number, byte: number): number {
  for (let length = numBefore + 1; length > 0; length--) {
    if (tag[length - 1] !== byte) continue;
    const begun = tag.subarray(0, length - 1);
    if (Buffer.compare(begun, tag.subarray(numBefore - begun.length, numBefore)) === 0) return length;
  }
  return 0;
}
