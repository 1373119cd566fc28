import { BoundedStore } from '../../../bounded-store.ts';
import { packedBytes } from '../../../held-bytes.ts';
import type { RequestRecord } from '../../engine.ts';

/** More than a thousand records of one completion each. */
const MAX_BYTES = 2 ** 20;
/** Of its objects and numbers: what `heldBytes` says of one that has all fields. */
const RECORD_BYTES = 400;
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
    const { id, ownerId, finishReasons } = record;
    // A reason is one of four texts that all records share.
    const numBytes =
      RECORD_BYTES + REASON_BYTES * finishReasons.length + packedBytes(id) + packedBytes(ownerId);
    this.#records.add(ownerId, id, record, numBytes);
  }

  /** Without an owner: the one that ended last of all owners'. */
  find(id: string, ownerId?: string): RequestRecord | undefined {
    if (ownerId !== undefined) return this.#records.find(ownerId, id);
    this.#records.dropOld();
    return [...this.#records.values()].findLast((record) => record.id === id);
  }
}
