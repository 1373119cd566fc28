import { EngineError } from '../errors.ts';
import { groupOf } from '../fairness/client-id.ts';
import type { PutBatch } from './vector-jobs.ts';

/** The service bounds the bytes of bodies by address; this bounds what is left of clients that are gone. */
const MAX_UPLOADS = 64;

interface OpenUpload {
  /** An address, or a verified key. */
  readonly group: string;
  readonly parts: Uint8Array[];
}

/** Bodies that come in parts. */
export class Uploads {
  readonly #uploads = new Map<string, OpenUpload>();

  /** Of too many the oldest goes, of those of the address or key that has most. */
  add(id: string, clientId: string, part: Uint8Array): void {
    const upload = this.#uploads.get(id) ?? { group: groupOf(clientId), parts: [] };
    // It may be a view of the bytes that came over the channel.
    upload.parts.push(Uint8Array.from(part));
    this.#uploads.set(id, upload);
    if (this.#uploads.size > MAX_UPLOADS) this.#dropOne();
  }

  #dropOne(): void {
    const byGroup = new Map<string, string[]>();
    for (const [id, { group }] of this.#uploads) byGroup.set(group, [...(byGroup.get(group) ?? []), id]);
    const [most = []] = [...byGroup.values()].sort((one, other) => other.length - one.length);
    const [oldest] = most;
    if (oldest !== undefined) this.#uploads.delete(oldest);
  }

  drop(id: string): void {
    this.#uploads.delete(id);
  }

  /** The whole of a body. @throws EngineError `backend_failure` where some of it was lost with the process before */
  finish({ upload, numParts, bytes: last }: PutBatch): Uint8Array {
    const parts = this.#uploads.get(upload)?.parts ?? [];
    this.#uploads.delete(upload);
    if (parts.length !== numParts) {
      throw new EngineError('backend_failure', 'a part of the body was lost; send it again');
    }
    return parts.length === 0 ? last : Buffer.concat([...parts, last]);
  }
}
