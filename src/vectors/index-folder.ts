import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { assertInvariant, EngineError } from '../errors.ts';
import { IndexFiles } from './index-files.ts';
import { INDEX_NAME } from './index-name.ts';
import { METRICS, type IndexConfig, type Metric } from './vector-types.ts';

const CONFIG_FILE = 'index.json';
/** Of folders that are being made or removed; no index has such a name. */
const UNFINISHED = '.';

/**
 * The folder of all indexes, in which each has one of its own by its name. One comes and goes as a whole: it is made under
 * another name, and gets another before it is removed.
 */
export class IndexFolder {
  readonly path: string;

  /** @throws EngineError `config_invalid` for a folder that cannot be used */
  constructor(path: string) {
    this.path = path;
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      for (const name of readdirSync(path)) {
        // Of a process that died; a minute, since other processes may be at it.
        if (name.startsWith(UNFINISHED) && ageMs(join(path, name)) > 60_000) this.#remove(name);
      }
    } catch (cause) {
      const message = `the folder of vectors ${path} cannot be used: ${String(cause)}; see VECTORIZE_DIR`;
      throw new EngineError('config_invalid', message, { cause });
    }
  }

  pathOf(name: string): string {
    return join(this.path, name);
  }

  /** In the order of their names. */
  list(): IndexConfig[] {
    const names = readdirSync(this.path).filter((name) => !name.startsWith(UNFINISHED));
    return names.sort().flatMap((name) => this.find(name) ?? []);
  }

  find(name: string): IndexConfig | undefined {
    if (!INDEX_NAME.test(name)) return undefined;
    const path = join(this.pathOf(name), CONFIG_FILE);
    if (!existsSync(path)) return undefined;
    const config = toConfig(readFileSync(path, 'utf8'));
    // File systems that take `A` for `a` find the one where the other was meant.
    return config.name === name ? config : undefined;
  }

  /** False where the name is taken. */
  create(config: IndexConfig): boolean {
    assertInvariant(INDEX_NAME.test(config.name), 'the name of an index is one of a folder');
    const target = this.pathOf(config.name);
    if (existsSync(target)) return false;
    const making = join(this.path, `${UNFINISHED}new-${randomUUID()}`);
    mkdirSync(making, { mode: 0o700 });
    try {
      IndexFiles.create(making);
      writeFileSync(join(making, CONFIG_FILE), `${JSON.stringify(config, undefined, 2)}\n`, { flush: true });
      renameSync(making, target);
    } catch (error) {
      rmSync(making, { recursive: true, force: true });
      // Another process has made it in the meantime.
      if (existsSync(target)) return false;
      throw error;
    }
    syncFolder(this.path);
    return true;
  }

  delete(name: string): void {
    const leaving = `${UNFINISHED}gone-${randomUUID()}`;
    renameSync(this.pathOf(name), join(this.path, leaving));
    syncFolder(this.path);
    this.#remove(leaving);
  }

  /** Of the files of an index that is not open. */
  numBytesOf(name: string): number {
    const path = this.pathOf(name);
    return readdirSync(path).reduce((sum, file) => sum + statSync(join(path, file)).size, 0);
  }

  #remove(name: string): void {
    rmSync(join(this.path, name), { recursive: true, force: true });
  }
}

const ageMs = (path: string): number => Date.now() - statSync(path).mtimeMs;

/** Windows has no such thing. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  fsyncSync(folder);
  closeSync(folder);
}

function toConfig(text: string): IndexConfig {
  const { name, dimensions, metric, description, createdOn } = JSON.parse(text) as Partial<IndexConfig>;
  const isWhole =
    typeof name === 'string' &&
    typeof dimensions === 'number' &&
    typeof description === 'string' &&
    typeof createdOn === 'string' &&
    METRICS.includes(metric as Metric);
  if (!isWhole) throw new EngineError('internal', `${CONFIG_FILE} of an index of vectors is damaged`);
  return { name, dimensions, metric: metric as Metric, description, createdOn };
}
