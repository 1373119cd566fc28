import { EngineError } from '../errors.ts';
import type { PutBatch } from './vector-jobs.ts';

/** As many as the service sends at a time; of more, those that came first are of clients that are gone. */
const MAX_UPLOADS = 64;

/** Bodies that come in parts. */
export class Uploads {
  readonly #uploads = new Map<string, Uint8Array[]>();

  add(id: string, part: Uint8Array): void {
    const parts = this.#uploads.get(id) ?? [];
    // It may be a view of the bytes that came over the channel.
    parts.push(Uint8Array.from(part));
    this.#uploads.set(id, parts);
    const [oldest] = this.#uploads.keys();
    if (this.#uploads.size > MAX_UPLOADS && oldest !== undefined) this.#uploads.delete(oldest);
  }

  drop(id: string): void {
    this.#uploads.delete(id);
  }

  /** The whole of a body. @throws EngineError `backend_failure` where some of it was lost with the process before */
  finish({ upload, numParts, bytes: last }: PutBatch): Uint8Array {
    const parts = this.#uploads.get(upload) ?? [];
    this.#uploads.delete(upload);
    if (parts.length !== numParts) {
      throw new EngineError('backend_failure', 'a part of the body was lost; send it again');
    }
    return parts.length === 0 ? last : Buffer.concat([...parts, last]);
  }
}
