import { assertInvariant } from '../../errors.ts';
import type { WasmHeap } from './wasm-heap.ts';

/** A region that has to grow grows by half at least, lest every longer step move it. */
const GROWTH = 1.5;

/** The memory that every step uses anew: its inputs, activations, scratch. Regions go by name, grow and never shrink. */
export class Arena {
  readonly #heap: WasmHeap;
  readonly #regions = new Map<string, { address: number; numBytes: number }>();
  #numMoves = 0;

  constructor(heap: WasmHeap) {
    this.#heap = heap;
  }

  /** How often a region moved: addresses that were handed out before are void. */
  get numMoves(): number {
    return this.#numMoves;
  }

  /** Address of at least `numBytes`, the same as last time unless they did not suffice. Throws `backend_failure`. */
  reserve(name: string, numBytes: number): number {
    const before = this.#regions.get(name);
    if (before !== undefined && before.numBytes >= numBytes) return before.address;
    if (before !== undefined) {
      this.#regions.delete(name);
      this.#heap.free(before.address);
      this.#numMoves++;
    }
    const grown = Math.max(numBytes, Math.ceil(GROWTH * (before?.numBytes ?? 0)));
    const address = this.#heap.malloc(grown);
    this.#regions.set(name, { address, numBytes: grown });
    return address;
  }

  /** Where a reserved region lies. */
  addressOf(name: string): number {
    const region = this.#regions.get(name);
    assertInvariant(region, `the arena has room for ${name}`);
    return region.address;
  }

  dispose(): void {
    for (const { address } of this.#regions.values()) this.#heap.free(address);
    this.#regions.clear();
  }
}
