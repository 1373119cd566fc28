import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { takeFileLock, type FileLock } from '../process/file-lock.ts';
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
}

const LOCK_FILE = 'lock';

interface OpenIndex {
  readonly index: VectorIndex;
  readonly lock: FileLock & { isTaken: true };
}

/**
 * All indexes of a folder, bounded in bytes. An index is opened when it is asked for first, and then is this process's until
 * it ends: another that asks for it is told whose it is.
 */
export class VectorStore {
  readonly #folder: IndexFolder;
  readonly #options: VectorStoreOptions;
  readonly #open = new Map<string, OpenIndex>();

  constructor(options: VectorStoreOptions) {
    this.#options = options;
    this.#folder = new IndexFolder(options.folder);
  }

  list(): IndexConfig[] {
    return this.#folder.list();
  }

  /** @throws EngineError `not_found` */
  config(name: string): IndexConfig {
    const config = this.#folder.find(name);
    if (config !== undefined) return config;
    throw vectorFault(FAULT.noIndex, `vectorize.index.not_found - Index name "${name}"`, {
      code: 'not_found',
    });
  }

  /** @throws EngineError `conflict` where the name is taken, or there are too many */
  create(config: IndexConfig): void {
    if (this.#folder.list().length >= LIMITS.indexes) {
      throw new EngineError(
        'conflict',
        `there are ${LIMITS.indexes} indexes, which is the most; delete one first`,
      );
    }
    if (this.#folder.create(config)) return;
    const message = `vectorize.index.duplicate_name - Index name "${config.name}"`;
    throw vectorFault(FAULT.duplicateIndex, message, { code: 'conflict' });
  }

  /** @throws EngineError `not_found`; `conflict` where another process has it open */
  async delete(name: string): Promise<void> {
    this.config(name);
    const { index, lock } = this.#open.get(name) ?? (await this.#openIndex(name));
    this.#open.delete(name);
    index.close();
    await lock.release();
    this.#folder.delete(name);
  }

  /** An index that may not be loaded yet. @throws EngineError as `delete` */
  async open(name: string): Promise<VectorIndex> {
    const known = this.#open.get(name);
    if (known !== undefined) return known.index;
    const opened = await this.#openIndex(name);
    this.#open.set(name, opened);
    return opened.index;
  }

  /** Another call opens an index that could not be loaded anew. */
  async forget(name: string, index: VectorIndex): Promise<void> {
    const known = this.#open.get(name);
    if (known?.index !== index) return;
    this.#open.delete(name);
    index.close();
    await known.lock.release();
  }

  /** @throws EngineError `conflict` where so many bytes more would be more than all indexes may take */
  checkRoom(numBytes: number): void {
    const { maxBytes } = this.#options;
    const used = this.#folder.list().reduce((sum, { name }) => sum + this.#numBytesOf(name), 0);
    if (used + numBytes <= maxBytes) return;
    throw new EngineError(
      'conflict',
      `all indexes of vectors take ${used} bytes of ${maxBytes}, and this would be ${numBytes} more; delete some, or set ` +
        'VECTORIZE_MB to more',
    );
  }

  #numBytesOf(name: string): number {
    return this.#open.get(name)?.index.numBytes ?? this.#folder.numBytesOf(name);
  }

  async #openIndex(name: string): Promise<OpenIndex> {
    const config = this.config(name);
    const path = this.#folder.pathOf(name);
    const lock = await takeFileLock(join(path, LOCK_FILE));
    if (!lock.isTaken) {
      throw new EngineError(
        'conflict',
        `the index ${name} is used by the process ${lock.holder}; ask that service, or set VECTORIZE_DIR to another folder`,
      );
    }
    try {
      const files = new IndexFiles(path, config.dimensions);
      const products = this.#options.createProducts(config.dimensions);
      return { index: new VectorIndex(config, files, products), lock };
    } catch (error) {
      await lock.release();
      throw error;
    }
  }
}
