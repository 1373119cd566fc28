import { groupOf } from '../../client-id.ts';
import type { RequestRecord } from '../engine.ts';

const MAX_RECORDS = 1000;
const KEPT_MS = 10 * 60_000;

interface Entry {
  readonly record: RequestRecord;
  readonly endedAt: number;
}

/**
 * Records of ended requests, for a while: usage and cause outlive a client that hung up. When there are too many, the
 * group of owners that has most (src/client-id.ts) loses its oldest, so that no client pushes out those of others.
 */
export class RequestHistory {
  /** Of each group by id and owner, oldest first. Clients choose ids: each owner has its own. */
  readonly #groups = new Map<string, Map<string, Entry>>();
  readonly #now: () => number;
  #size = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** What is added again moves to the end. */
  add(record: RequestRecord): void {
    const group = groupOf(record.ownerId);
    const key = keyOf(record.id, record.ownerId);
    this.#delete(group, key);
    const records = this.#groups.get(group) ?? new Map<string, Entry>();
    this.#groups.set(group, records);
    records.set(key, { record, endedAt: this.#now() });
    this.#size++;
    for (const [oldest, { endedAt }] of records) {
      if (this.#now() - endedAt < KEPT_MS) break;
      this.#delete(group, oldest);
    }
    if (this.#size > MAX_RECORDS) this.#deleteOneOfMost();
  }

  /** Without an owner: the one that ended last of all owners'. */
  find(id: string, ownerId?: string): RequestRecord | undefined {
    const entry =
      ownerId === undefined ? this.#lastOf(id) : this.#groups.get(groupOf(ownerId))?.get(keyOf(id, ownerId));
    return entry !== undefined && this.#now() - entry.endedAt < KEPT_MS ? entry.record : undefined;
  }

  #lastOf(id: string): Entry | undefined {
    const entries = [...this.#groups.values()].flatMap((records) => [...records.values()]);
    return entries
      .filter(({ record }) => record.id === id)
      .toSorted((one, other) => one.endedAt - other.endedAt)
      .at(-1);
  }

  #deleteOneOfMost(): void {
    let most: [string, ReadonlyMap<string, Entry>] | undefined;
    for (const one of this.#groups) if (most === undefined || one[1].size > most[1].size) most = one;
    const [group = '', records] = most ?? [];
    for (const oldest of records?.keys() ?? []) {
      this.#delete(group, oldest);
      break;
    }
  }

  #delete(group: string, key: string): void {
    const records = this.#groups.get(group);
    if (records?.delete(key) !== true) return;
    this.#size--;
    if (records.size === 0) this.#groups.delete(group);
  }
}

/** An id has no space in it. */
const keyOf = (id: string, ownerId: string): string => `${id} ${ownerId}`;
