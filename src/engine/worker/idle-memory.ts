import type { PageTable } from '../../runtime/runtime.ts';
import type { PageCache } from '../../scheduler/pages/page-cache.ts';

/** Pages that hold nothing are given back once nothing has run for so long. */
const EMPTY_MS = 10_000;

export interface IdleMemoryOptions {
  readonly cache: PageCache;
  /** After so long pages that no sequence holds forget their tokens, too; 0: never. */
  readonly keptMs: number;
  /** Gives the memory of pages that lie side by side back to the system. */
  readonly release: (table: PageTable, first: number, count: number) => void;
  /** Memory was given back. */
  readonly onReleased: () => void;
}

/** Gives memory of the KV cache back while nothing runs. */
export class IdleMemory {
  readonly #options: IdleMemoryOptions;
  #timers: NodeJS.Timeout[] = [];

  constructor(options: IdleMemoryOptions) {
    this.#options = options;
  }

  /** There is work. */
  work(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }

  /** There is none; it may have been said before. */
  rest(): void {
    if (this.#timers.length > 0) return;
    const { keptMs } = this.#options;
    this.#timers = [setTimeout(() => this.#giveBack(false), EMPTY_MS)];
    if (keptMs > 0) this.#timers.push(setTimeout(() => this.#giveBack(true), keptMs));
  }

  #giveBack(isLong: boolean): void {
    const { cache, release, onReleased } = this.#options;
    const emptied = cache.takeEmptied(isLong);
    for (const table of ['pages', 'windowPages'] as const)
      for (const { first, count } of runsOf(emptied[table])) release(table, first, count);
    if (emptied.pages.length + emptied.windowPages.length > 0) onReleased();
  }
}

/** Numbers as runs of numbers that follow each other. */
export function runsOf(numbers: readonly number[]): { first: number; count: number }[] {
  const runs: { first: number; count: number }[] = [];
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && number === last.first + last.count) last.count++;
    else runs.push({ first: number, count: 1 });
  }
  return runs;
}
