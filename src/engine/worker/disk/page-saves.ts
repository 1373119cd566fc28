import { groupOf } from '../../../fairness/client-id.ts';
import type { PageWatcher } from '../../../scheduler/pages/page-watcher.ts';
import type { PageNode } from '../../../scheduler/pages/prefix-tree.ts';
import type { ToDisk, WriteOutcome } from './disk-protocol.ts';
import type { DiskCounts } from '../../disk-counts.ts';
import type { PageBuffers } from './page-buffers.ts';
import type { StoredKeys } from './stored-keys.ts';

/** Beginnings of fewer pages are computed as fast as they are read, or nearly so. */
export const LEAST_PAGES = 4;
/** The disk is told no more often that a page was used. */
const TOUCH_INTERVAL_MS = 60_000;
/** Of pages that are on their way to the disk. */
const MAX_WRITING_BYTES = 16 * 2 ** 20;

interface Waiting {
  readonly owner: string;
  readonly usedAtMs: number;
}

export interface PageSavesOptions {
  readonly keys: StoredKeys;
  readonly buffers: PageBuffers;
  readonly counts: DiskCounts;
  readonly send: (message: ToDisk) => void;
  /** Fills an array with a page's bytes. */
  readonly readPage: (page: number, bytes: Uint8Array) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Which pages are still to be written to the disk, the longest used first. They wait in the cache itself: one that is
 * evicted before the disk takes it is dropped, so that no request waits for a slow disk, and no memory grows.
 */
export class PageSaves implements Omit<PageWatcher, 'stored'> {
  readonly #options: PageSavesOptions;
  readonly #waiting = new Map<PageNode, Waiting>();
  /** Names of pages on their way, in order. */
  readonly #writing: string[] = [];

  constructor(options: PageSavesOptions) {
    this.#options = options;
  }

  get numWaiting(): number {
    return this.#waiting.size;
  }

  get numWriting(): number {
    return this.#writing.length;
  }

  get mayWrite(): boolean {
    const { pageBytes } = this.#options.buffers;
    const hasRoom = (this.#writing.length + 1) * pageBytes <= MAX_WRITING_BYTES;
    return this.#waiting.size > 0 && (hasRoom || this.#writing.length === 0);
  }

  used(nodes: readonly PageNode[], owner: string): void {
    if (nodes.length < LEAST_PAGES) return;
    const { keys, send } = this.#options;
    const nowMs = this.#options.now();
    const touched: string[] = [];
    for (const [index, node] of nodes.entries()) {
      const file = keys.fileOf(node);
      // The ends of a text are dropped before its beginning.
      if (file === undefined) this.#add(node, { owner: groupOf(owner), usedAtMs: nowMs - index });
      else if (nowMs - file.touchedAtMs >= TOUCH_INTERVAL_MS) {
        file.touchedAtMs = nowMs;
        touched.push(file.name);
      }
    }
    if (touched.length > 0) send({ type: 'touch', names: touched, usedAtMs: nowMs });
  }

  #add(node: PageNode, waiting: Waiting): void {
    if (!this.#waiting.has(node)) this.#waiting.set(node, waiting);
  }

  evicted(node: PageNode): void {
    if (this.#waiting.delete(node)) this.#options.counts.numDroppedPages++;
  }

  /** What was written of it goes, too, whichever client it is counted for. */
  spoilt(node: PageNode): void {
    this.#waiting.delete(node);
    const { keys, send } = this.#options;
    const stored = keys.fileOf(node)?.name;
    const key = keys.keyOf(node).toString('hex');
    const names = this.#writing.filter((name) => name.includes(key));
    if (stored !== undefined) names.push(stored);
    if (names.length > 0) send({ type: 'remove', names });
  }

  /** Hands the next page to the disk; false where there is none, or enough are on their way. */
  writeNext(): boolean {
    if (!this.mayWrite) return false;
    const { keys, buffers, readPage, send } = this.#options;
    const [next] = this.#waiting;
    if (next === undefined) return false;
    const [node, { owner, usedAtMs }] = next;
    this.#waiting.delete(node);
    const name = keys.nameOf(node, owner);
    // The same tokens may lie in several pages, and another process may have written them.
    if (keys.fileOf(node) !== undefined || this.#writing.includes(name)) return true;
    const bytes = buffers.take();
    readPage(node.page, bytes);
    this.#writing.push(name);
    send({ type: 'write', name, bytes, usedAtMs });
    return true;
  }

  /** The disk is done with the page that it was given first. */
  written(outcome: WriteOutcome, bytes: Uint8Array<ArrayBuffer>): void {
    const { buffers, counts } = this.#options;
    this.#writing.shift();
    buffers.give(bytes);
    if (outcome === 'written') counts.numWrittenPages++;
    if (outcome === 'failed') counts.numDroppedPages++;
  }

  /** The disk is gone. */
  clear(): void {
    this.#waiting.clear();
    this.#writing.length = 0;
  }
}
