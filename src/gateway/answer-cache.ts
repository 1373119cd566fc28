import { BoundedStore } from '../bounded-store.ts';

/** A whole answer, as it was sent. */
export interface CachedAnswer {
  readonly body: Uint8Array;
  readonly contentType: string;
  /** Of `performance.now`. */
  readonly expiresAt: number;
  readonly tokensIn: number | undefined;
  readonly tokensOut: number | undefined;
}

/** A longer answer is not kept. */
export const MAX_CACHED_BYTES = 2 * 2 ** 20;
const MAX_BYTES = 64 * 2 ** 20;
/** Of an entry's own fields, and of what V8 keeps of its body's memory. */
const FIELDS_BYTES = 400;

/** Answers that clients asked to be kept, in memory. Each belongs to an owner, and no other finds it. */
export class AnswerCache {
  readonly #answers: BoundedStore<CachedAnswer>;
  readonly #now: () => number;

  constructor(maxBytes = MAX_BYTES, now: () => number = () => performance.now()) {
    this.#answers = new BoundedStore({ maxBytes, now });
    this.#now = now;
  }

  get numBytes(): number {
    return this.#answers.numBytes;
  }

  find(ownerId: string, key: string): CachedAnswer | undefined {
    const answer = this.#answers.use(ownerId, key);
    if (answer === undefined || answer.expiresAt > this.#now()) return answer;
    this.#answers.delete(ownerId, key);
    return undefined;
  }

  keep(ownerId: string, key: string, ttlS: number, answer: Omit<CachedAnswer, 'expiresAt'>): void {
    const expiresAt = this.#now() + 1000 * ttlS;
    const { body, contentType, tokensIn, tokensOut } = answer;
    this.#answers.add(
      ownerId,
      key,
      { body, contentType, tokensIn, tokensOut, expiresAt },
      FIELDS_BYTES + body.byteLength + contentType.length,
    );
  }

  /** Lets go of half of what it keeps, of the addresses and keys that have most. */
  release(): void {
    this.#answers.shrinkTo(this.#answers.numBytes / 2);
  }
}
