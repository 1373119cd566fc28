import { randomUUID } from 'node:crypto';
import { EngineError } from '../errors.ts';
import { runToEnd, type InSlices } from '../process/in-slices.ts';
import type { RowProducts } from '../runtime/row-blocks.ts';
import { FAULT, vectorFault } from './faults.ts';
import type { Change, IndexFiles, IndexState, StoredProperty, StoredRow } from './index-files.ts';
import { LIMITS } from './limits.ts';
import { directionOf, normOf, scoreOf } from './metric.ts';
import type { QueryPlan } from './query.ts';
import { search, type Match } from './search.ts';
import { parseStored, SlotTable } from './slot-table.ts';
import type { GivenVector, IndexConfig, PropertyType, PutMode } from './vector-types.ts';

/** A vector of an answer. */
export interface AnsweredVector {
  readonly id: string;
  readonly score?: number;
  readonly namespace?: string;
  readonly values?: readonly number[];
  readonly metadata?: unknown;
}

/** Vectors that are read from the file at once: some hundred kilobytes. */
const ROWS_AT_ONCE = 128;
/** A search that changes interrupt more often than this ends without being interrupted. */
const MAX_RESTARTS = 3;
/** What SQLite takes of a row beside its texts, about. */
const ROW_BYTES = 128;

/**
 * One index: its files, and in memory what a search needs. All changes are made at once, and a search that one of them
 * interrupts begins anew, so each sees the whole of a change or nothing of it.
 */
export class VectorIndex {
  readonly config: IndexConfig;
  readonly #files: IndexFiles;
  readonly #products: RowProducts;
  readonly #table: SlotTable;
  #loading: InSlices<void> | undefined;
  #fault: unknown;
  #closedFor: EngineError | undefined;
  #numChanges = 0;

  constructor(config: IndexConfig, files: IndexFiles, products: RowProducts) {
    this.config = config;
    this.#files = files;
    this.#products = products;
    this.#table = new SlotTable(files.properties());
    this.#loading = this.#load();
  }

  /** On disk. */
  get numBytes(): number {
    return this.#files.numBytes;
  }

  /** Whether it must be opened anew: it could not be loaded, or memory has another state than the files. */
  get isBroken(): boolean {
    return this.#closedFor === undefined && (this.#fault !== undefined || this.#files.isInTransaction);
  }

  /** To be run before anything else is asked; several may run it. @throws EngineError for an index that is damaged */
  *loaded(): InSlices<void> {
    while (this.#loading !== undefined) {
      try {
        if (this.#loading.next().done === true) this.#loading = undefined;
      } catch (error) {
        this.#fault = error;
        this.#loading = undefined;
      }
      if (this.#loading !== undefined) yield;
    }
    if (this.#fault !== undefined) throw this.#fault as Error;
  }

  *#load(): InSlices<void> {
    const { dimensions } = this.config;
    const chunk = new Float32Array(ROWS_AT_ONCE * dimensions); // [rows, dimensions]
    let [start, end] = [0, 0];
    const { numSlots } = this.#files;
    for (const row of this.#files.rows()) {
      if (row.slot < 0) throw this.#damage(`it has a slot ${row.slot}`);
      if (row.slot >= end) {
        [start, end] = [row.slot, Math.min(row.slot + ROWS_AT_ONCE, numSlots)];
        if (end <= start) throw this.#damage(`it has no values of slot ${row.slot}`);
        this.#files.readValues(start, chunk.subarray(0, (end - start) * dimensions));
        yield;
      }
      const place = (row.slot - start) * dimensions;
      this.#table.put(row, this.#prepare(row.slot, chunk.subarray(place, place + dimensions)));
    }
    this.#files.cutValues(this.#table.numSlots);
  }

  /** Puts a vector where searches will find it once the table has its slot; answers its length. */
  #prepare(slot: number, values: Float32Array): number {
    const norm = normOf(values);
    // Numbers that no client can have put: no search finds them.
    if (!Number.isFinite(norm)) return Number.NaN;
    this.#products.set(slot, directionOf(values, norm));
    return norm;
  }

  #damage(what: string): EngineError {
    return new EngineError('internal', `the index ${this.config.name} is damaged: ${what}`);
  }

  /** Vectors whose numbers or metadata the disk has not kept, and which searches do not find by them. */
  get numDamaged(): number {
    return this.#table.numDamaged;
  }

  info(): IndexState & { numVectors: number } {
    return { ...this.#files.state(), numVectors: this.#table.numVectors };
  }

  properties(): StoredProperty[] {
    return this.#table.properties;
  }

  /**
   * Adds vectors. Of several with one id an insert takes the first, and none whose id there is; an upsert takes the last.
   * @param checkRoom throws where so many bytes more are too many
   * @returns the id of the change
   */
  put(mode: PutMode, given: readonly GivenVector[], checkRoom: (numBytes: number) => void): string {
    const byId = new Map<string, { vector: GivenVector; before: StoredRow | undefined }>();
    for (const vector of given) {
      const known = byId.get(vector.id);
      const before = known === undefined ? this.#files.rowOf(vector.id) : known.before;
      if (mode === 'insert' && (known ?? before) !== undefined) continue;
      byId.set(vector.id, { vector, before });
    }
    const chosen = [...byId.values()];
    checkRoom(chosen.reduce((sum, { vector }) => sum + bytesOf(vector), 0));
    const slots = this.#table.freeSlots(chosen.length);
    // Before anything is written: there may be no memory for it.
    const placed = chosen.map((one, index) => {
      const slot = slots[index] ?? 0;
      return { ...one, slot, norm: this.#prepare(slot, one.vector.values) };
    });
    this.#files.writeValues(placed.map(({ slot, vector }) => [slot, vector.values]));
    return this.#change(
      (change) => {
        for (const { vector, before, slot } of placed) {
          if (before !== undefined) change.remove(before.slot);
          change.put({ slot, id: vector.id, namespace: vector.namespace, metadata: vector.metadata });
        }
      },
      (put) => {
        for (const { vector, before, slot, norm } of placed) {
          if (before !== undefined) this.#table.remove(before.slot);
          this.#table.put({ ...vector, slot, put }, norm);
        }
      },
    );
  }

  deleteByIds(ids: readonly string[]): string {
    const slots = [...new Set(ids)].flatMap((id) => this.#files.rowOf(id)?.slot ?? []);
    return this.#change(
      (change) => slots.forEach((slot) => change.remove(slot)),
      () => slots.forEach((slot) => this.#table.remove(slot)),
    );
  }

  /** Filters see the vectors that are put from now on. */
  addProperty(path: string, type: PropertyType): string {
    const known = this.properties().find((property) => property.path === path);
    if (known !== undefined && known.type !== type) {
      throw new EngineError(
        'conflict',
        `there is a metadata index of ${path} already, of ${known.type}; delete it first`,
      );
    }
    if (known === undefined && this.properties().length >= LIMITS.metadataIndexes) {
      throw new EngineError('conflict', `an index has at most ${LIMITS.metadataIndexes} metadata indexes`);
    }
    return this.#change(
      (change) => {
        if (known === undefined) change.addProperty(path, type);
      },
      (put) => {
        if (known === undefined) this.#table.addProperty({ path, type, since: put - 1 });
      },
    );
  }

  /** @throws EngineError `not_found` */
  removeProperty(path: string): string {
    if (!this.properties().some((property) => property.path === path)) {
      throw new EngineError(
        'not_found',
        `the index ${this.config.name} has no metadata index of that property`,
      );
    }
    return this.#change(
      (change) => change.removeProperty(path),
      () => this.#table.removeProperty(path),
    );
  }

  #change(onDisk: (change: Change) => void, inMemory: (put: number) => void): string {
    const mutation = randomUUID();
    const put = this.#files.change(onDisk, { mutation, at: new Date().toISOString() });
    this.#numChanges++;
    try {
      inMemory(put);
    } catch (error) {
      this.#fault = error;
      throw error;
    }
    return mutation;
  }

  getByIds(ids: readonly string[]): AnsweredVector[] {
    return ids.flatMap((id) => {
      const row = this.#files.rowOf(id);
      return row === undefined
        ? []
        : [{ ...this.#described(row), ...metadataOf(row), values: this.#valuesAt(row.slot) }];
    });
  }

  idsAfter(id: string | undefined, count: number): string[] {
    return this.#files.idsAfter(id, count);
  }

  /** @throws EngineError `invalid_request` where the id of the plan is of no vector */
  *query(plan: QueryPlan): InSlices<AnsweredVector[]> {
    for (let restart = 0; ; restart++) {
      const numChanges = this.#numChanges;
      const searching = this.#search(plan);
      const matches =
        restart < MAX_RESTARTS ? yield* this.#unlessChanged(searching, numChanges) : runToEnd(searching);
      if (matches !== undefined) return matches.map((match) => this.#answer(match, plan));
    }
  }

  *#unlessChanged(searching: InSlices<Match[]>, numChanges: number): InSlices<Match[] | undefined> {
    for (;;) {
      const step = searching.next();
      if (step.done === true) return step.value;
      yield;
      if (this.#numChanges !== numChanges) return undefined;
    }
  }

  *#search({ from, topK, namespace, clauses }: QueryPlan): InSlices<Match[]> {
    const query = 'id' in from ? this.#vectorOf(from.id) : from.vector;
    const table = this.#table;
    const searched = {
      metric: this.config.metric,
      dimensions: this.config.dimensions,
      products: this.#products,
      normOf: (slot: number) => table.normOf(slot),
      readValues: (slot: number, into: Float32Array) => this.#files.readValues(slot, into),
    };
    const mask = yield* table.maskOf(namespace, clauses);
    return yield* search(searched, query, mask, topK);
  }

  #vectorOf(id: string): Float32Array {
    const row = this.#files.rowOf(id);
    if (row !== undefined) return Float32Array.from(this.#valuesAt(row.slot));
    throw vectorFault(FAULT.queryVector, 'invalid query vector, the index has no vector of that vectorId', {
      param: 'vectorId',
    });
  }

  #answer({ slot, distance }: Match, { returnsValues, returnMetadata }: QueryPlan): AnsweredVector {
    const row = this.#files.rowAt(slot);
    if (row === undefined) throw this.#damage(`slot ${slot} has no vector`);
    return {
      ...this.#described(row),
      score: scoreOf(this.config.metric, distance),
      ...(returnsValues ? { values: this.#valuesAt(slot) } : {}),
      ...(returnMetadata === 'all' ? metadataOf(row) : {}),
      ...(returnMetadata === 'indexed' ? { metadata: this.#table.indexedMetadata(slot) } : {}),
    };
  }

  #described({ id, namespace }: StoredRow): { id: string; namespace?: string } {
    return { id, ...(namespace === undefined ? {} : { namespace }) };
  }

  #valuesAt(slot: number): number[] {
    const values = new Float32Array(this.config.dimensions);
    this.#files.readValues(slot, values);
    return [...values];
  }

  /** Jobs that are at it have to end: the next step of each throws `reason`. */
  close(reason: EngineError): void {
    this.#closedFor = reason;
    try {
      this.#files.close();
    } finally {
      this.#products.free();
    }
  }

  /** To be called before each step of a job. @throws EngineError why the index was closed */
  checkOpen(): void {
    if (this.#closedFor !== undefined) throw this.#closedFor;
  }
}

function metadataOf({ id, metadata }: StoredRow): { metadata?: unknown } {
  if (metadata === undefined) return {};
  const value = parseStored(metadata);
  if (value !== undefined) return { metadata: value };
  throw new EngineError(
    'internal',
    `the metadata of the vector ${JSON.stringify(id)} is damaged; put it anew`,
  );
}

const bytesOf = ({ id, values, namespace = '', metadata = '' }: GivenVector): number =>
  ROW_BYTES + values.byteLength + id.length + namespace.length + metadata.length;
