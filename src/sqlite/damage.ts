import { accessSync, closeSync, constants, openSync, readSync, renameSync, rmSync } from 'node:fs';
import { hasCode } from '../values.ts';

/** What SQLite says of a file that has other bytes than it wrote, or that lacks some. */
const MALFORMED =
  /malformed|unsupported file format|no such (table|column)|has no column|text encoding|no such collation/;
const NO_DATABASE = /file is not a database/;
/** A damaged byte in the header can also say that no version of SQLite may write. */
const READ_ONLY = /readonly database/;
const HEADER = Buffer.from('SQLite format 3\0', 'latin1');
/** So many bytes of the header are as they should be in a file that was one of SQLite. */
const SIMILAR_BYTES = 12;
/** Beside a file, by what SQLite has not joined with it yet. */
const COMPANIONS = ['', '-wal', '-journal'];

/** Whether an error tells of a damaged file. A file that never was one of SQLite is none: a setting may name a wrong one. */
export function isDamage(error: unknown, path: string): boolean {
  const text = String(error);
  if (MALFORMED.test(text)) return true;
  if (READ_ONLY.test(text)) return isWritable(path);
  return NO_DATABASE.test(text) && wasDatabase(path);
}

/** Moves a damaged file to `PATH.damaged`, in the place of an earlier one. @returns for people: what was done, and why */
export function moveAside(path: string, error: unknown): string {
  for (const companion of COMPANIONS) {
    rmSync(`${path}.damaged${companion}`, { force: true });
    try {
      renameSync(`${path}${companion}`, `${path}.damaged${companion}`);
    } catch (fault) {
      if (!hasCode(fault, 'ENOENT')) throw fault;
    }
  }
  return `${path} was damaged (${String(error)}). It is ${path}.damaged now, and a new file was begun.`;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function wasDatabase(path: string): boolean {
  const header = Buffer.alloc(HEADER.length);
  const file = openSync(path, 'r');
  try {
    readSync(file, header, 0, header.length, 0);
  } finally {
    closeSync(file);
  }
  const numSimilar = header.filter((byte, index) => byte === HEADER[index]).length;
  return numSimilar >= SIMILAR_BYTES || header.every((byte) => byte === 0);
}
