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
import * as z from 'zod';
import { assertInvariant, EngineError } from '../errors.ts';
import { hasCode } from '../values.ts';
import { IndexFiles } from './index-files.ts';
import { INDEX_NAME } from './index-name.ts';
import { LIMITS } from './limits.ts';
import { METRICS, type IndexConfig } from './vector-types.ts';

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

  /** Of all indexes in their order, also of those that are damaged. */
  names(): string[] {
    return readdirSync(this.path)
      .filter((name) => this.has(name))
      .sort();
  }

  has(name: string): boolean {
    return INDEX_NAME.test(name) && existsSync(join(this.pathOf(name), CONFIG_FILE));
  }

  /** @throws EngineError `internal` for one that is damaged */
  find(name: string): IndexConfig | undefined {
    if (!this.has(name)) return undefined;
    const path = join(this.pathOf(name), CONFIG_FILE);
    const config = toConfig(readConfig(path));
    if (config?.name === name) return config;
    // File systems that take `A` for `a` find the one where the other was meant.
    if (config?.name.toLowerCase() === name.toLowerCase()) return undefined;
    const advice = 'put back what it was, or delete the index';
    throw new EngineError('internal', `${path} is damaged, so the index ${name} cannot be used: ${advice}`);
  }

  /** False where the name is taken. */
  create(config: IndexConfig): boolean {
    assertInvariant(INDEX_NAME.test(config.name), 'the name of an index is one of a folder');
    const target = this.pathOf(config.name);
    if (existsSync(target)) return false;
    const making = join(this.path, `${UNFINISHED}new-${randomUUID()}`);
    mkdirSync(making, { mode: 0o700 });
    try {
      IndexFiles.create(making, config.dimensions);
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

  /** Of the files of an index that is not open; 0 where another process has removed it. */
  numBytesOf(name: string): number {
    const path = this.pathOf(name);
    if (!existsSync(path)) return 0;
    const sizeOf = (file: string): number => statSync(join(path, file), { throwIfNoEntry: false })?.size ?? 0;
    return readdirSync(path).reduce((sum, file) => sum + sizeOf(file), 0);
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

const CONFIG = z.object({
  name: z.string(),
  dimensions: z.int().min(1).max(LIMITS.dimensions),
  metric: z.enum(METRICS),
  description: z.string(),
  createdOn: z.string(),
});

/** Empty where it cannot be read, unless the reason is this process's. */
function readConfig(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'EMFILE', 'ENFILE', 'ENOMEM')) throw error;
    return '';
  }
}

/** Undefined where the file is damaged. */
function toConfig(text: string): IndexConfig | undefined {
  try {
    return CONFIG.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
