import type { DiskNote } from '../../protocol.ts';

/** What crosses between the engine and the thread of its disk. Arrays of bytes move, and come back to be used again. */

export interface DiskThreadData {
  /** PREFIX_CACHE_DIR. */
  readonly path: string;
  readonly maxBytes: number;
  /** By which the files of this engine are told from others. */
  readonly spaceTag: string;
}

export type ToDisk =
  /** Pages of a load are read in order; behind the first that is not there, none is. */
  | { type: 'read'; load: number; name: string; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'write'; name: string; bytes: Uint8Array<ArrayBuffer>; usedAtMs: number }
  | { type: 'touch'; names: readonly string[]; usedAtMs: number }
  | { type: 'remove'; names: readonly string[] }
  /** What was sent before is done; then the thread ends. */
  | { type: 'close' };

export type FromDisk =
  /** The names of this engine's files that came, and that went, and the bytes of those there are. */
  | { type: 'files'; added: readonly string[]; gone: readonly string[]; numBytes: number }
  | { type: 'read'; load: number; isThere: boolean; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'written'; outcome: WriteOutcome; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'problem'; problem: DiskNote };

/** `kept`: it was there already. */
export type WriteOutcome = 'written' | 'kept' | 'failed';
