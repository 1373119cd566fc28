import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How long nothing is to be done before it collects. */
const IDLE_MS = 1000;
/** How long after a look that a request got in the way of: requests that come each second must not always do so. */
const SOON_MS = 20;
/** Growth that may be garbage worth a pause of some 10 to 50 ms. */
const WORTH_BYTES = 64 * 2 ** 20;

interface IdleCollectorOptions {
  /** What the process holds of its heap and beside it, garbage included. */
  heldBytes?: () => number;
  collect?: () => void;
}

/**
 * Gives the memory of a burst back. V8 collects as it allocates; when requests stop it keeps what they left, for as long
 * as it likes: hundreds of MiB after answers of a megabyte each (docs/decisions/0073-garbage-is-collected-when-idle.md).
 */
export class IdleCollector {
  readonly #heldBytes: () => number;
  readonly #collect: () => void;
  /** After the last collection. */
  #floorBytes: number;
  #numBusy = 0;
  #isDue = false;
  #timer: NodeJS.Timeout | undefined;

  constructor({ heldBytes = heapBytes, collect = collectGarbage }: IdleCollectorOptions = {}) {
    this.#heldBytes = heldBytes;
    this.#collect = collect;
    this.#floorBytes = heldBytes();
  }

  /** A request begins; as many `leave` must follow. */
  enter(): void {
    this.#numBusy++;
  }

  leave(): void {
    this.#numBusy--;
    if (this.#numBusy > 0 || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#look(), this.#isDue ? SOON_MS : IDLE_MS).unref();
  }

  #look(): void {
    this.#timer = undefined;
    this.#isDue = this.#numBusy > 0;
    if (this.#isDue || this.#heldBytes() - this.#floorBytes < WORTH_BYTES) return;
    this.#collect();
    this.#floorBytes = this.#heldBytes();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/**
 * With the pages of the heap in which nothing lies: V8 keeps those of a burst until it collects.
 * By V8 alone: `process.memoryUsage` opens a file, and throws where the process may open no more of them.
 */
function heapBytes(): number {
  const { total_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}

let gc: (() => void) | undefined;

/** Without a flag of the command line, which a program started as `tokenflare` could not have. */
export function collectGarbage(): void {
  if (gc === undefined) {
    setFlagsFromString('--expose-gc');
    gc = runInNewContext('gc') as () => void;
  }
  gc();
}
