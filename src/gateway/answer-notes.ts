import { jsonPieces } from '../json-pieces.ts';
import type { TextHead } from './logs/gateway-log.ts';

/** Of a text that a log keeps. */
export const MAX_HEAD_BYTES = 16_384;
/** Where APIs tell the usage: Anthropic at the beginning of a stream too, the others at the end. */
const USAGE_BYTES = 2048;

const TOKENS_IN = /"(?:prompt_tokens|input_tokens)"\s*:\s*(\d{1,12})/g;
const TOKENS_OUT = /"(?:completion_tokens|output_tokens)"\s*:\s*(\d{1,12})/g;

export interface UsedTokens {
  readonly tokensIn: number | undefined;
  readonly tokensOut: number | undefined;
}

/** What is noted of an answer while it goes out: how long it is, its beginning, its end. */
export class AnswerNotes {
  numBytes = 0;
  readonly #headBytes: number;
  readonly #head: Uint8Array[] = [];
  #numHeadBytes = 0;
  #tail: Uint8Array = new Uint8Array(0);

  /** @param keepsText a log will have the beginning */
  constructor(keepsText: boolean) {
    this.#headBytes = keepsText ? MAX_HEAD_BYTES : USAGE_BYTES;
  }

  add(piece: Uint8Array): void {
    this.numBytes += piece.byteLength;
    const numMissing = this.#headBytes - this.#numHeadBytes;
    if (numMissing > 0) {
      // A copy: a piece may be a view of a larger buffer.
      const part = piece.slice(0, numMissing);
      this.#head.push(part);
      this.#numHeadBytes += part.byteLength;
    }
    this.#tail = lastBytes(this.#tail, piece, USAGE_BYTES);
  }

  head(): TextHead {
    return { text: Buffer.concat(this.#head).toString('utf8'), isWhole: this.numBytes <= this.#headBytes };
  }

  /** What the answer itself says that it used; undefined where it says nothing. */
  usage(): UsedTokens {
    const head = Buffer.concat(this.#head).subarray(0, USAGE_BYTES).toString('latin1');
    const text = head + Buffer.from(this.#tail).toString('latin1');
    return { tokensIn: lastNumber(text, TOKENS_IN), tokensOut: lastNumber(text, TOKENS_OUT) };
  }
}

function lastBytes(before: Uint8Array, piece: Uint8Array, maxBytes: number): Uint8Array {
  if (piece.byteLength >= maxBytes) return piece.slice(-maxBytes);
  return Buffer.concat([
    before.subarray(Math.max(0, before.byteLength + piece.byteLength - maxBytes)),
    piece,
  ]);
}

function lastNumber(text: string, pattern: RegExp): number | undefined {
  const last = [...text.matchAll(pattern)].at(-1)?.[1];
  return last === undefined ? undefined : Number(last);
}

/** The beginning of a value as JSON, cut between two characters. */
export function headOfJson(value: unknown): TextHead {
  let text = '';
  for (const piece of jsonPieces(value, MAX_HEAD_BYTES)) {
    text += piece;
    if (text.length > MAX_HEAD_BYTES) break;
  }
  const isWhole = text.length <= MAX_HEAD_BYTES;
  return { text: isWhole ? text : text.slice(0, MAX_HEAD_BYTES).replace(/[\uD800-\uDBFF]$/, ''), isWhole };
}
