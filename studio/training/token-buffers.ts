import { assertInvariant } from '../../src/errors.ts';
import type { WasmHeap } from './wasm/wasm-heap.ts';
import type { TokenBatch } from './training-ops.ts';

/** Room on the heap for the tokens of one step: sequences of equal length, one after the other. */
export class TokenBuffers implements TokenBatch {
  readonly numSequences: number;
  readonly seqLen: number;
  readonly ids: number;
  readonly positions: number;
  /** Address of the ids that are to be predicted: int32, one a row. */
  readonly targets: number;
  readonly #heap: WasmHeap;

  constructor(heap: WasmHeap, numSequences: number, seqLen: number) {
    this.#heap = heap;
    this.numSequences = numSequences;
    this.seqLen = seqLen;
    this.ids = heap.malloc(4 * this.numRows);
    this.positions = heap.malloc(4 * this.numRows);
    this.targets = heap.malloc(4 * this.numRows);
    const positions = heap.int32(this.positions, this.numRows); // [rows]
    positions.forEach((_, row) => (positions[row] = row % seqLen));
  }

  get numRows(): number {
    return this.numSequences * this.seqLen;
  }

  /** Both arrays hold one id a row. */
  fill(ids: Int32Array, targets: Int32Array): void {
    assertInvariant(ids.length === this.numRows && targets.length === this.numRows, 'a token for every row');
    this.#heap.int32(this.ids, this.numRows).set(ids);
    this.#heap.int32(this.targets, this.numRows).set(targets);
  }

  dispose(): void {
    for (const address of [this.ids, this.positions, this.targets]) this.#heap.free(address);
  }
}
