import type { InSlices } from '../process/in-slices.ts';
import { accepts, type Clause } from './filter.ts';
import { Column } from './column.ts';
import type { StoredProperty, StoredRow } from './index-files.ts';
import { indexedValue, nested, type Indexed } from './property-values.ts';

interface Property extends StoredProperty {
  readonly column: Column;
}

/** What is known in memory of the vectors of an index, by their slots: their length, namespace and indexed metadata. */
export class SlotTable {
  /** Of a slot that is free: -1 - its place in `#free`. */
  #norms = new Float64Array(0);
  #numSlots = 0;
  #numVectors = 0;
  #numDamaged = 0;
  readonly #free: number[] = [];
  readonly #namespaces = new Column();
  readonly #properties = new Map<string, Property>();

  constructor(properties: readonly StoredProperty[]) {
    for (const property of properties) this.addProperty(property);
  }

  /** With a vector, and without. */
  get numSlots(): number {
    return this.#numSlots;
  }

  get numVectors(): number {
    return this.#numVectors;
  }

  /** Of those that were put: without numbers, or with metadata that is no JSON. */
  get numDamaged(): number {
    return this.#numDamaged;
  }

  get properties(): StoredProperty[] {
    return [...this.#properties.values()];
  }

  normOf(slot: number): number {
    return this.#norms[slot] ?? -1;
  }

  /** Slots for vectors to come: those that are free, then new ones. They are taken by `put`. */
  freeSlots(count: number): number[] {
    const free = count === 0 ? [] : this.#free.slice(-count).reverse();
    for (let slot = this.#numSlots; free.length < count; slot++) free.push(slot);
    return free;
  }

  /** Puts a vector into a slot that is free, or that is new. @param norm NaN where its numbers are damaged */
  put({ slot, namespace, metadata, put }: StoredRow, norm: number): void {
    if (slot < this.#numSlots) this.#take(slot);
    const gapStart = this.#numSlots;
    this.#grow(slot);
    for (let gap = gapStart; gap < slot; gap++) this.#release(gap);
    this.#norms[slot] = norm;
    this.#numVectors++;
    this.#namespaces.set(slot, namespace);
    const isRead = metadata !== undefined && this.#properties.size > 0;
    const value = isRead ? parseStored(metadata) : undefined;
    if (Number.isNaN(norm) || (isRead && value === undefined)) this.#numDamaged++;
    for (const { path, type, since, column } of this.#properties.values()) {
      column.set(slot, put > since ? indexedValue(value, path, type) : undefined);
    }
  }

  remove(slot: number): void {
    this.#release(slot);
    this.#numVectors--;
  }

  #release(slot: number): void {
    this.#norms[slot] = -1 - this.#free.length;
    this.#free.push(slot);
  }

  /** The last one gets the place of the one that is taken: an index whose vectors are replaced takes thousands at once. */
  #take(slot: number): void {
    const last = this.#free.pop();
    if (last === undefined || last === slot) return;
    const place = -1 - this.normOf(slot);
    this.#free[place] = last;
    this.#norms[last] = -1 - place;
  }

  addProperty(property: StoredProperty): void {
    this.#properties.set(property.path, { ...property, column: new Column() });
  }

  removeProperty(path: string): void {
    this.#properties.delete(path);
  }

  /**
   * The slots, 1 for each vector that a search may find: of the namespace, and that fulfils all conditions. It must not go
   * on once the table has changed.
   */
  *maskOf(namespace: string | undefined, clauses: readonly Clause[]): InSlices<Uint8Array> {
    const mask = new Uint8Array(this.#numSlots);
    for (let slot = 0; slot < mask.length; slot++) mask[slot] = (this.#norms[slot] ?? -1) >= 0 ? 1 : 0;
    if (namespace !== undefined) yield* this.#namespaces.restrict(mask, (value) => value === namespace);
    for (const clause of clauses) {
      // What no metadata index has, no vector has.
      const column = this.#properties.get(clause.property)?.column ?? NOTHING;
      yield* column.restrict(mask, (value) => accepts(clause, value));
    }
    return mask;
  }

  /** The metadata that is indexed, as an object. */
  indexedMetadata(slot: number): Record<string, unknown> {
    const values = [...this.#properties.values()].flatMap(({ path, column }): [string, Indexed][] => {
      const value = column.get(slot);
      return value === undefined ? [] : [[path, value]];
    });
    return nested(values);
  }

  #grow(slot: number): void {
    if (slot >= this.#norms.length) {
      const norms = new Float64Array(Math.max(slot + 1, 2 * this.#norms.length)).fill(-1);
      norms.set(this.#norms);
      this.#norms = norms;
    }
    this.#numSlots = Math.max(this.#numSlots, slot + 1);
  }
}

const NOTHING = new Column();

/** Metadata as the disk has it; undefined where that is no JSON any more. */
export function parseStored(metadata: string): unknown {
  try {
    return JSON.parse(metadata);
  } catch {
    return undefined;
  }
}
