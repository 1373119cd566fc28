import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { LOCK_TIMING, takeFileLock, type TakenLock } from '../process/file-lock.ts';
import type { RowProductsFactory } from '../runtime/row-products.ts';
import { FAULT, vectorFault } from './faults.ts';
import { IndexFiles } from './index-files.ts';
import { IndexFolder } from './index-folder.ts';
import { LIMITS } from './limits.ts';
import { VectorIndex } from './vector-index.ts';
import type { IndexConfig } from './vector-types.ts';

export interface VectorStoreOptions {
  readonly folder: string;
  /** Of all indexes on disk. */
  readonly maxBytes: number;
  readonly createProducts: RowProductsFactory;
  /** Gets what is damaged, as a line for the log. */
  readonly tell: (line: string) => void;
}

const LOCK_FILE = 'lock';

interface OpenIndex {
  readonly index: VectorIndex;
  readonly lock: TakenLock;
}

/**
 * All indexes of a folder, bounded in bytes. An index is opened when it is asked for first, and then is this process's until
 * it ends: another that asks for it is told whose it is.
 */
export class VectorStore {
  readonly #folder: IndexFolder;
  readonly #options: VectorStoreOptions;
  readonly #open = new Map<string, OpenIndex>();
  /** Damaged ones of which the log has a line. */
  readonly #told = new Set<string>();

  constructor(options: VectorStoreOptions) {
    this.#options = options;
    this.#folder = new IndexFolder(options.folder);
  }

  /** Those that can be used, in the order of their names. */
  list(): IndexConfig[] {
    return this.#folder.names().flatMap((name) => {
      try {
        return this.#folder.find(name) ?? [];
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        this.#tellOnce(name, error.message);
        return [];
      }
    });
  }

  /** @throws EngineError `not_found`; `internal` for one that is damaged */
  config(name: string): IndexConfig {
    const config = this.#folder.find(name);
    if (config === undefined) throw noIndexError(name);
    return config;
  }

  /** @throws EngineError `conflict` where the name is taken, or there are too many */
  create(config: IndexConfig): void {
    if (this.#folder.names().length >= LIMITS.indexes) {
      throw new EngineError(
        'conflict',
        `there are ${LIMITS.indexes} indexes, which is the most; delete one first`,
      );
    }
    if (this.#folder.create(config)) return;
    const message = `vectorize.index.duplicate_name - Index name "${config.name}"`;
    throw vectorFault(FAULT.duplicateIndex, message, { code: 'conflict' });
  }

  /** Also one that is damaged. @throws EngineError `not_found`; `conflict` where another process has it open */
  delete(name: string): void {
    if (!this.#folder.has(name)) throw noIndexError(name);
    const known = this.#open.get(name);
    if (known === undefined) this.#takeLock(name).release();
    else this.forget(name, known.index, noIndexError(name));
    this.#folder.delete(name);
    this.#told.delete(name);
  }

  /** An index that may not be loaded yet. @throws EngineError as `delete` */
  open(name: string): VectorIndex {
    const known = this.#open.get(name);
    if (known !== undefined) return known.index;
    const opened = this.#openIndex(name);
    this.#open.set(name, opened);
    return opened.index;
  }

  /** Jobs of the index end with `reason`. The next call opens it anew. */
  forget(name: string, index: VectorIndex, reason: EngineError): void {
    const known = this.#open.get(name);
    if (known?.index !== index) return;
    this.#open.delete(name);
    try {
      index.close(reason);
    } finally {
      known.lock.release();
    }
  }

  /** @throws EngineError `conflict` where so many bytes more would be more than all indexes may take */
  checkRoom(numBytes: number): void {
    const { maxBytes } = this.#options;
    const used = this.#folder.names().reduce((sum, name) => sum + this.#numBytesOf(name), 0);
    if (used + numBytes <= maxBytes) return;
    throw new EngineError(
      'conflict',
      `all indexes of vectors take ${used} bytes of ${maxBytes}, and this would be ${numBytes} more; delete some, or set ` +
        'VECTORIZE_MB to more',
    );
  }

  /** Tells of vectors that the disk has not kept, once an index is loaded. */
  tellDamage({ config: { name }, numDamaged }: VectorIndex): void {
    if (numDamaged > 0) this.#tellOnce(name, `${numDamaged} vectors of the index ${name} are damaged`);
  }

  #tellOnce(name: string, line: string): void {
    if (!this.#told.has(name)) this.#options.tell(line);
    this.#told.add(name);
  }

  #numBytesOf(name: string): number {
    return this.#open.get(name)?.index.numBytes ?? this.#folder.numBytesOf(name);
  }

  #openIndex(name: string): OpenIndex {
    const config = this.config(name);
    const lock = this.#takeLock(name);
    let files: IndexFiles | undefined;
    try {
      files = new IndexFiles(this.#folder.pathOf(name), config.dimensions);
      const products = this.#options.createProducts(config.dimensions);
      return { index: new VectorIndex(config, files, products), lock };
    } catch (error) {
      files?.close();
      lock.release();
      throw error;
    }
  }

  #takeLock(name: string): TakenLock {
    const lock = takeFileLock(join(this.#folder.pathOf(name), LOCK_FILE));
    if (lock.isTaken) return lock;
    const advice = lock.isSure
      ? 'ask that service, or set VECTORIZE_DIR to another folder'
      : `whether it lives is known in ${LOCK_TIMING.stillAfterMs / 1000} s: ask again then`;
    throw new EngineError('conflict', `the index ${name} is used by the process ${lock.holder}; ${advice}`);
  }
}

const noIndexError = (name: string): EngineError =>
  vectorFault(FAULT.noIndex, `vectorize.index.not_found - Index name "${name}"`, { code: 'not_found' });
