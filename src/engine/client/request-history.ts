import { BoundedStore } from '../../bounded-store.ts';
import { heldBytes } from '../../held-bytes.ts';
import type { RequestRecord } from '../engine.ts';

/** More than a thousand records of one completion each. */
const MAX_BYTES = 2 ** 20;
const REASON_BYTES = 8;
const KEPT_MS = 10 * 60_000;

/** Records of ended requests, for a while: usage and cause outlive a client that hung up. */
export class RequestHistory {
  /** Clients choose ids: each owner has its own. */
  readonly #records: BoundedStore<RequestRecord>;

  constructor(now: () => number) {
    this.#records = new BoundedStore({ maxBytes: MAX_BYTES, keptMs: KEPT_MS, now });
  }

  /** What they count as. */
  get numBytes(): number {
    return this.#records.numBytes;
  }

  /** What is added again moves to the end. */
  add(record: RequestRecord): void {
    // A reason is one of four texts that all records share.
    const { length } = record.finishReasons;
    const numBytes = heldBytes({ ...record, finishReasons: [] }) + REASON_BYTES * length;
    this.#records.add(record.ownerId, record.id, record, numBytes);
  }

  /** Without an owner: the one that ended last of all owners'. */
  find(id: string, ownerId?: string): RequestRecord | undefined {
    if (ownerId !== undefined) return this.#records.find(ownerId, id);
    this.#records.dropOld();
    return [...this.#records.values()].findLast((record) => record.id === id);
  }
}
