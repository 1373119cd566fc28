import type { RequestRecord } from './engine.ts';

const MAX_RECORDS = 1000;
const KEPT_MS = 10 * 60_000;

/** Records of ended requests, for a while: usage and cause outlive a client that hung up. */
export class RequestHistory {
  readonly #records = new Map<string, { record: RequestRecord; endedAt: number }>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Oldest first in the map, since an id that is added again moves to the end. */
  add(record: RequestRecord): void {
    this.#records.delete(record.id);
    this.#records.set(record.id, { record, endedAt: this.#now() });
    for (const [id, { endedAt }] of this.#records) {
      if (this.#records.size <= MAX_RECORDS && this.#now() - endedAt < KEPT_MS) break;
      this.#records.delete(id);
    }
  }

  find(id: string): RequestRecord | undefined {
    const entry = this.#records.get(id);
    return entry !== undefined && this.#now() - entry.endedAt < KEPT_MS ? entry.record : undefined;
  }
}
