import TinyQueue from 'tinyqueue';
import { groupOf } from './fairness/client-id.ts';

/** Share of the bound that is freed when it is passed, so that room is not made for each entry. */
const FREED_AT_ONCE = 1 / 16;
/** What the store itself takes for an entry, an owner and a group, beside the characters of keys and ids. */
const ENTRY_BYTES = 208;
const OWNER_BYTES = 360;
const GROUP_BYTES = 360;

export interface BoundedStoreOptions<Value> {
  maxBytes: number;
  /** An entry goes so long after it was added or used for the last time. Without it entries stay until they are deleted. */
  keptMs?: number;
  now?: () => number;
  /** An entry has gone: it was deleted or replaced, is too old, or gave way. It may still `charge` its owner. */
  onRemove?: (value: Value, ownerId: string) => void;
  /** Work goes on with such a value: its entry gives way after all others of its owner. */
  isInUse?: (value: Value) => boolean;
  /** With it, a value that is in use does not go: this frees what it can of it, and `resize`s the entry. */
  shrink?: (value: Value) => void;
}

interface Entry<Value> {
  readonly ownerId: string;
  readonly key: string;
  readonly value: Value;
  numBytes: number;
  usedAt: number;
}

interface Owner<Value> {
  numBytes: number;
  /** The one that was used last is last. */
  readonly entries: Map<string, Entry<Value>>;
  /** Those of them that give way before the others. */
  spare: Set<Entry<Value>> | undefined;
}

interface Group<Value> {
  numBytes: number;
  readonly owners: Map<string, Owner<Value>>;
}

/**
 * Values by owner and key, within a bound in bytes. When it is passed, the group (src/fairness/client-id.ts) that holds most gives
 * way, in it the owner that holds most, and of its entries the one that was not used for the longest. So a client that
 * invents owners takes from itself, and n groups have at least an n-th of the bound each.
 *
 * An entry counts as what its user says it takes; what the store takes for it is added here.
 */
export class BoundedStore<Value> {
  readonly #options: BoundedStoreOptions<Value>;
  readonly #now: () => number;
  readonly #groups = new Map<string, Group<Value>>();
  /** The one that was used last is last. */
  readonly #byUse = new Set<Entry<Value>>();
  #numBytes = 0;

  constructor(options: BoundedStoreOptions<Value>) {
    this.#options = options;
    this.#now = options.now ?? ((): number => performance.now());
  }

  get size(): number {
    return this.#byUse.size;
  }

  get numBytes(): number {
    return this.#numBytes;
  }

  /** All values; the one that was used last is last. */
  *values(): Generator<Value> {
    for (const { value } of this.#byUse) yield value;
  }

  /**
   * Adds an entry in place of the one that its owner has under the key. One that is larger than the bound goes at once.
   *
   * @param numSharedBytes as `charge` counts them
   */
  add(ownerId: string, key: string, value: Value, numBytes: number, numSharedBytes = 0): void {
    this.dropOld();
    this.delete(ownerId, key);
    const owner = this.#ownerOf(ownerId) ?? this.#addOwner(ownerId);
    const entry = { ownerId, key, value, numBytes: 0, usedAt: this.#now() };
    owner.entries.set(key, entry);
    this.#byUse.add(entry);
    this.#count(entry, ENTRY_BYTES + key.length + numBytes);
    this.charge(ownerId, numSharedBytes);
    this.#keepBound();
  }

  /** An owner's value, and no other's. */
  find(ownerId: string, key: string): Value | undefined {
    this.dropOld();
    return this.#ownerOf(ownerId)?.entries.get(key)?.value;
  }

  /** Finds an owner's value; this counts as a use. */
  use(ownerId: string, key: string): Value | undefined {
    this.dropOld();
    const owner = this.#ownerOf(ownerId);
    const entry = owner?.entries.get(key);
    if (owner === undefined || entry === undefined) return undefined;
    entry.usedAt = this.#now();
    owner.entries.delete(key);
    owner.entries.set(key, entry);
    if (owner.spare?.delete(entry) === true) owner.spare.add(entry);
    this.#byUse.delete(entry);
    this.#byUse.add(entry);
    return entry.value;
  }

  /** From now on the entry gives way before the others of its owner. */
  markSpare(ownerId: string, key: string): void {
    const owner = this.#ownerOf(ownerId);
    const entry = owner?.entries.get(key);
    if (owner === undefined || entry === undefined) return;
    owner.spare ??= new Set();
    owner.spare.add(entry);
  }

  /** An entry takes more bytes, or fewer. */
  resize(ownerId: string, key: string, change: number): void {
    const entry = this.#ownerOf(ownerId)?.entries.get(key);
    if (entry === undefined) return;
    this.#count(entry, change);
    // What shrinks while room is made asks for none.
    if (change > 0) this.#keepBound();
  }

  /** What several entries of an owner share takes more bytes, or fewer: none once its last entry has gone. */
  charge(ownerId: string, change: number): void {
    const groupId = groupOf(ownerId);
    const group = this.#groups.get(groupId);
    const owner = group?.owners.get(ownerId);
    if (group === undefined || owner === undefined) return;
    owner.numBytes += change;
    group.numBytes += change;
    this.#numBytes += change;
  }

  /** False where there was none. */
  delete(ownerId: string, key: string): boolean {
    const entry = this.#ownerOf(ownerId)?.entries.get(key);
    if (entry === undefined) return false;
    this.#remove(entry);
    return true;
  }

  /** Lets go of entries that are too old. */
  dropOld(): void {
    const { keptMs } = this.#options;
    if (keptMs === undefined) return;
    for (const entry of this.#byUse) {
      if (this.#now() - entry.usedAt < keptMs) return;
      this.#remove(entry);
    }
  }

  /** Lets go of the entries that give way before the others of their owners. */
  dropSpare(): void {
    const owners = [...this.#groups.values()].flatMap(({ owners: some }) => [...some.values()]);
    for (const entry of owners.flatMap(({ spare }) => [...(spare ?? [])])) this.#remove(entry);
  }

  /** Lets entries give way until no more than so many bytes are held. */
  shrinkTo(maxBytes: number): void {
    const groups = new TinyQueue([...this.#groups.values()], mostFirst);
    const ownersOf = new Map<Group<Value>, TinyQueue<Owner<Value>>>();
    while (this.#numBytes > maxBytes) {
      const group = groups.pop();
      if (group === undefined) return;
      const owners = ownersOf.get(group) ?? new TinyQueue([...group.owners.values()], mostFirst);
      ownersOf.set(group, owners);
      const owner = owners.pop();
      if (owner === undefined) continue;
      // An owner without anything to give is not asked again.
      if (this.#relieve(owner) && owner.entries.size > 0) owners.push(owner);
      groups.push(group);
    }
  }

  /** @returns whether there was anything to free */
  #relieve(owner: Owner<Value>): boolean {
    const { shrink } = this.#options;
    const first = this.#firstToGo(owner);
    if (first !== undefined) {
      this.#remove(first);
      return true;
    }
    const before = this.#numBytes;
    for (const entry of [...owner.entries.values()].sort(mostFirst)) {
      shrink?.(entry.value);
      if (this.#numBytes < before) return true;
    }
    return false;
  }

  #firstToGo({ entries, spare }: Owner<Value>): Entry<Value> | undefined {
    const { isInUse, shrink } = this.#options;
    for (const entry of spare ?? []) return entry;
    for (const entry of entries.values()) if (isInUse?.(entry.value) !== true) return entry;
    for (const entry of shrink === undefined ? entries.values() : []) return entry;
    return undefined;
  }

  #keepBound(): void {
    const { maxBytes } = this.#options;
    if (this.#numBytes > maxBytes) this.shrinkTo(maxBytes * (1 - FREED_AT_ONCE));
  }

  #remove(entry: Entry<Value>): void {
    const { ownerId, key, value } = entry;
    const owner = this.#ownerOf(ownerId);
    if (owner?.entries.get(key) !== entry) return;
    owner.entries.delete(key);
    owner.spare?.delete(entry);
    this.#byUse.delete(entry);
    this.#count(entry, -entry.numBytes);
    this.#options.onRemove?.(value, ownerId);
    if (owner.entries.size === 0) this.#removeOwner(ownerId);
  }

  #count(entry: Entry<Value>, change: number): void {
    entry.numBytes += change;
    this.charge(entry.ownerId, change);
  }

  #ownerOf(ownerId: string): Owner<Value> | undefined {
    return this.#groups.get(groupOf(ownerId))?.owners.get(ownerId);
  }

  #addOwner(ownerId: string): Owner<Value> {
    const groupId = groupOf(ownerId);
    const group = this.#groups.get(groupId) ?? { numBytes: 0, owners: new Map<string, Owner<Value>>() };
    const owner = { numBytes: 0, entries: new Map<string, Entry<Value>>(), spare: undefined };
    const isNewGroup = group.owners.size === 0;
    this.#groups.set(groupId, group);
    group.owners.set(ownerId, owner);
    this.charge(ownerId, OWNER_BYTES + ownerId.length + (isNewGroup ? GROUP_BYTES + groupId.length : 0));
    return owner;
  }

  #removeOwner(ownerId: string): void {
    const groupId = groupOf(ownerId);
    const group = this.#groups.get(groupId);
    if (group === undefined) return;
    const isLast = group.owners.size === 1;
    this.charge(ownerId, -(OWNER_BYTES + ownerId.length + (isLast ? GROUP_BYTES + groupId.length : 0)));
    group.owners.delete(ownerId);
    if (isLast) this.#groups.delete(groupId);
  }
}

const mostFirst = (one: { numBytes: number }, other: { numBytes: number }): number =>
  other.numBytes - one.numBytes;
