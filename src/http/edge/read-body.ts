import type { IncomingMessage } from 'node:http';
import type { AppContext } from '../app-env.ts';
import { abortError } from '../../errors.ts';
import type { Holding } from './held-bytes.ts';

const FIRST_CAPACITY = 2048;
/** Up to here a buffer is made anew and copied when it is full; beyond it, one grows in its place, a page at a time. */
const SMALL_CAPACITY = 2 ** 14;
const PAGE_BYTES = 2 ** 14;

/**
 * Bytes that arrive in pieces, copied into one buffer. It takes at most twice what came, or 2 KiB, however small the
 * pieces are; a large one at most a page more than what came. It keeps none of the pieces.
 *
 * A large one has memory of its own, which `free` gives back to the system at once. What the allocator or the collector
 * gets back from a burst of large bodies, they keep for minutes.
 */
export class GrowingBuffer {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #length = 0;
  readonly #mostBytes: number;

  /** @param mostBytes never more of them come */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Bytes that came. */
  get length(): number {
    return this.#length;
  }

  /** Bytes that the buffer takes. */
  get capacity(): number {
    return this.#bytes.length;
  }

  append(piece: Uint8Array): void {
    const needed = this.#length + piece.length;
    if (needed > this.capacity) this.#grow(needed);
    this.#bytes.set(piece, this.#length);
    this.#length = needed;
  }

  /** What came so far, not copied: gone once it is freed. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** It takes nothing any more. */
  free(): void {
    const { buffer } = this.#bytes;
    if (buffer.resizable) buffer.resize(0);
    this.#bytes = new Uint8Array(0);
    this.#length = 0;
  }

  #grow(needed: number): void {
    if (needed <= SMALL_CAPACITY) {
      const doubled = Math.max(2 * this.capacity, FIRST_CAPACITY);
      this.#moveTo(new Uint8Array(Math.max(Math.min(doubled, this.#mostBytes), needed)));
      return;
    }
    const capacity = Math.min(Math.ceil(needed / PAGE_BYTES) * PAGE_BYTES, this.#mostBytes);
    const { buffer } = this.#bytes;
    // An array over all of a buffer that grows is as long as the buffer is.
    if (buffer.resizable) buffer.resize(capacity);
    else this.#moveTo(new Uint8Array(new ArrayBuffer(capacity, { maxByteLength: this.#mostBytes })));
  }

  #moveTo(grown: Uint8Array<ArrayBuffer>): void {
    grown.set(this.bytes());
    this.#bytes = grown;
  }
}

/** What is smaller is not counted: as many as there may be connections are few bytes. */
export const COUNTED_BYTES = 2 ** 14;

interface Limits {
  limitBytes: number;
  /** What the body takes while it arrives; undefined for one that is not counted. */
  holding: Holding | undefined;
}

/**
 * Reads a request's body into a buffer. False as soon as there are more than `limitBytes`: what comes after that is not
 * read.
 *
 * @throws Error when the body ends before it is whole; EngineError when the request has to give up what it holds
 */
export function readBody(c: AppContext, buffer: GrowingBuffer, limits: Limits): Promise<boolean> {
  const { incoming, mountPath } = c.env;
  // Where the service is mounted, the application may be reading Node's message: two readers would share its bytes.
  return incoming === undefined || mountPath !== undefined
    ? readStream(c.req.raw.body, buffer, { ...limits, onSocket: incoming !== undefined })
    : readMessage(incoming, buffer, limits);
}

/** The holding is aborted where it is the one that is too much. */
function append(buffer: GrowingBuffer, chunk: Uint8Array, holding: Holding | undefined): void {
  buffer.append(chunk);
  if (buffer.capacity > COUNTED_BYTES) holding?.hold(buffer.capacity);
}

async function readStream(
  body: ReadableStream<Uint8Array> | null,
  buffer: GrowingBuffer,
  { limitBytes, onSocket, holding }: Limits & { onSocket: boolean },
): Promise<boolean> {
  if (body === null) return true;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return true;
    if (buffer.length + value.length > limitBytes) {
      // On a socket that would close the connection before the answer is out. Not awaited: a sender may never finish.
      if (!onSocket) reader.cancel().catch(() => undefined);
      return false;
    }
    append(buffer, value, holding);
    if (holding?.signal.aborted === true) throw abortError(holding.signal);
  }
}

/**
 * Reads Node's own message, since the web stream over it keeps each chunk with some 200 bytes of its own. The listeners
 * are those of @hono/node-server, which does the same for a body that it is asked for; it drains what is left unread
 * once the answer is out.
 */
function readMessage(
  incoming: IncomingMessage,
  buffer: GrowingBuffer,
  { limitBytes, holding }: Limits,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      incoming.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose);
      holding?.signal.removeEventListener('abort', onGiveUp);
    };
    const onGiveUp = (): void => {
      settle();
      incoming.pause();
      if (holding !== undefined) reject(abortError(holding.signal));
    };
    const onData = (chunk: Buffer): void => {
      if (buffer.length + chunk.length <= limitBytes) {
        append(buffer, chunk, holding);
        return;
      }
      settle();
      incoming.pause();
      resolve(false);
    };
    const onEnd = (): void => {
      settle();
      resolve(true);
    };
    const onError = (error: Error): void => {
      settle();
      reject(error);
    };
    const onClose = (): void => onError(new Error('the connection was closed'));
    if (incoming.destroyed) {
      onClose();
      return;
    }
    holding?.signal.addEventListener('abort', onGiveUp, { once: true });
    incoming.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
  });
}
