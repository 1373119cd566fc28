import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../../errors.ts';
import { steadyUnixMs } from '../../../values.ts';
import { encodeHeader, faultOf, faultOfLength, type FileFault, HEADER_BYTES } from './page-file.ts';
import { filesToDrop, type StoredPage } from './files-to-drop.ts';
import { parseFileName } from './page-name.ts';

/**
 * The folder `pages` in PREFIX_CACHE_DIR, with all calls of the file system. They wait for the disk: only the disk's own
 * thread has them. What the operating system says is thrown on as it is.
 *
 * Several processes may have the folder: a file appears whole, by a rename, and is never written to again; one that another
 * process dropped is a miss. Links are not followed, and what has no name of ours is left alone.
 */

/** Of a file that is being written, beside the end of ours. */
const PART = /^[0-9a-f]{32}\.part$/;
/** One that is older was left by a process that was killed. */
const STALE_PART_MS = 600_000;
/** Windows has no such flags, and no such files: there they are undefined, which counts as 0. */
const OPEN_PLAIN = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
/** The folder is looked through again after so long, or after so many times what it took. */
const SCAN_INTERVAL_MS = 2000;
const SCAN_SHARE = 20;
/** Pages are dropped until so much of the bound is free, so that it holds between two looks. */
const FREE_SHARE = 1 / 16;

export type ReadOutcome = 'read' | 'missing' | FileFault;

export interface PageFolderOptions {
  readonly path: string;
  /** Of all files in it, of all models and processes. */
  readonly maxBytes: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export class PageFolder {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #now: () => number;
  /** As of the last look, and what happened here since. */
  #files = new Map<string, StoredPage>();
  #numBytes = 0;
  #changes = new Map<string, StoredPage | undefined>();
  #scanAgainAt = 0;

  /** Makes the folder, which no other user may read. Throws where it cannot, or where it belongs to another user. */
  constructor({ path, maxBytes, now = steadyUnixMs }: PageFolderOptions) {
    this.#path = join(path, 'pages');
    this.#maxBytes = maxBytes;
    this.#now = now;
    mkdirSync(path, { recursive: true, mode: 0o700 });
    makeFolder(this.#path);
    const { mode, uid } = directoryAt(this.#path);
    if (process.getuid !== undefined && (uid !== process.getuid() || (mode & 0o077) !== 0)) {
      throw unusable(`the folder ${this.#path} belongs to another user, or others may look into it`);
    }
    this.scan();
  }

  /** Of all files in the folder. */
  get numBytes(): number {
    return this.#numBytes;
  }

  /** Files that came or went since this was asked before: what they are, or undefined where they are gone. */
  takeChanges(): ReadonlyMap<string, StoredPage | undefined> {
    const changes = this.#changes;
    this.#changes = new Map();
    return changes;
  }

  /** Looks what there is. */
  scan(): void {
    const startedAt = performance.now();
    const files = new Map<string, StoredPage>();
    for (const name of readdirSync(this.#path)) {
      if (PART.test(name)) this.#dropStale(name);
      const { ownerTag } = parseFileName(name) ?? {};
      const file = ownerTag === undefined ? undefined : this.#describe(name, ownerTag);
      if (file !== undefined) files.set(name, file);
    }
    for (const name of this.#files.keys()) if (!files.has(name)) this.#changes.set(name, undefined);
    for (const [name, file] of files) if (!this.#files.has(name)) this.#changes.set(name, file);
    this.#files = files;
    this.#numBytes = [...files.values()].reduce((sum, { numBytes }) => sum + numBytes, 0);
    const tookMs = performance.now() - startedAt;
    this.#scanAgainAt = performance.now() + Math.max(SCAN_INTERVAL_MS, SCAN_SHARE * tookMs);
  }

  #describe(name: string, ownerTag: string): StoredPage | undefined {
    const stats = lstatSync(join(this.#path, name), { throwIfNoEntry: false });
    // A link or a folder with our name takes no room of ours. It is refused when it is read.
    if (stats === undefined || stats.isDirectory()) return undefined;
    return { name, ownerTag, numBytes: stats.isFile() ? stats.size : 0, usedAtMs: stats.mtimeMs };
  }

  #dropStale(name: string): void {
    const stats = lstatSync(join(this.#path, name), { throwIfNoEntry: false });
    if (stats !== undefined && this.#now() - stats.mtimeMs > STALE_PART_MS) this.#unlink(name);
  }

  /** Fills `bytes` with the page of a file; what it holds is not the page where another outcome is given. */
  read(name: string, bytes: Uint8Array): ReadOutcome {
    const key = parseFileName(name)?.key;
    if (key === undefined) return 'foreign';
    let file: number;
    try {
      file = openSync(join(this.#path, name), OPEN_PLAIN);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') {
        // Another process has dropped it.
        this.#forget(name);
        return 'missing';
      }
      // A symbolic link.
      if (codeOf(error) === 'ELOOP' || codeOf(error) === 'EMLINK') return 'foreign';
      throw error;
    }
    try {
      const stats = fstatSync(file);
      if (!stats.isFile()) return 'foreign';
      const wrongLength = faultOfLength(stats.size, bytes.byteLength);
      if (wrongLength !== undefined) return wrongLength;
      const header = Buffer.alloc(HEADER_BYTES);
      if (!readWhole(file, header, 0) || !readWhole(file, bytes, HEADER_BYTES)) return 'truncated';
      return faultOf(key, header, bytes) ?? 'read';
    } finally {
      closeSync(file);
    }
  }

  /** Keeps a page; others are dropped for it where the bound asks for it. False where it is there already. */
  write(name: string, bytes: Uint8Array, usedAtMs: number): boolean {
    const parsed = parseFileName(name);
    if (parsed === undefined || this.#touchOne(name, usedAtMs)) return false;
    const numBytes = HEADER_BYTES + bytes.byteLength;
    this.#makeRoom(numBytes);
    const part = join(this.#path, `${randomBytes(16).toString('hex')}.part`);
    try {
      const file = openSync(part, CREATE, 0o600);
      try {
        writeWhole(file, encodeHeader(parsed.key, bytes));
        writeWhole(file, bytes);
      } finally {
        closeSync(file);
      }
      utimesSync(part, usedAtMs / 1000, usedAtMs / 1000);
      renameSync(part, join(this.#path, name));
    } catch (error) {
      tryUnlink(part);
      throw error;
    }
    const file = { name, ownerTag: parsed.ownerTag, numBytes, usedAtMs };
    this.#files.set(name, file);
    this.#changes.set(name, file);
    this.#numBytes += numBytes;
    return true;
  }

  /** Takes note that the pages of a text were used: its ends are dropped before its beginning. */
  touch(names: readonly string[], usedAtMs: number): void {
    for (const [index, name] of names.entries()) this.#touchOne(name, usedAtMs - index);
  }

  #touchOne(name: string, usedAtMs: number): boolean {
    const known = this.#files.get(name);
    if (known === undefined) return false;
    try {
      utimesSync(join(this.#path, name), usedAtMs / 1000, usedAtMs / 1000);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      this.#forget(name);
      return false;
    }
    this.#files.set(name, { ...known, usedAtMs });
    return true;
  }

  /** Drops pages: damaged ones, or those that may hold anything. */
  remove(names: readonly string[]): void {
    for (const name of names) this.#unlink(name);
  }

  #makeRoom(numBytes: number): void {
    if (numBytes > this.#maxBytes) throw unusable('PREFIX_CACHE_DISK_MB is less than a page of this model');
    if (performance.now() >= this.#scanAgainAt) this.scan();
    if (this.#numBytes + numBytes <= this.#maxBytes) return;
    const left = Math.floor(this.#maxBytes * (1 - FREE_SHARE));
    for (const { name } of filesToDrop(this.#files.values(), Math.max(left - numBytes, 0)))
      this.#unlink(name);
  }

  #unlink(name: string): void {
    try {
      unlinkSync(join(this.#path, name));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
    this.#forget(name);
  }

  #forget(name: string): void {
    const file = this.#files.get(name);
    if (file === undefined) return;
    this.#numBytes -= file.numBytes;
    this.#files.delete(name);
    this.#changes.set(name, undefined);
  }
}

const unusable = (message: string): EngineError => new EngineError('config_invalid', message);

/** Of the system's error, or nothing. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** Not with its parents: where those cannot hold it, as below /proc, Node would try for ever. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST' && !existsSync(path)) throw error;
  }
}

function directoryAt(path: string): { mode: number; uid: number } {
  const stats = lstatSync(path);
  if (!stats.isDirectory()) throw unusable(`${path} is no folder`);
  return stats;
}

/** False where the file ends before. */
function readWhole(file: number, bytes: Uint8Array, position: number): boolean {
  for (let at = 0; at < bytes.byteLength;) {
    const count = readSync(file, bytes, at, bytes.byteLength - at, position + at);
    if (count === 0) return false;
    at += count;
  }
  return true;
}

function writeWhole(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.byteLength;) at += writeSync(file, bytes, at, bytes.byteLength - at);
}

function tryUnlink(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is not there, or is dropped once it is stale.
  }
}
