import { assertInvariant } from '../../src/errors.ts';
import type { Batch } from './document-batches.ts';
import type { WasmHeap } from './wasm/wasm-heap.ts';
import type { TokenBatch } from './training-ops.ts';

/** Room on the heap for the tokens of one step: sequences of equal length, one after the other. */
export class TokenBuffers implements TokenBatch {
  /** Of the step that they are filled for; at first as many and as long as there is room for. */
  numSequences: number;
  seqLen: number;
  readonly #maxRows: number;
  readonly ids: number;
  readonly positions: number;
  /** Address of the ids that are to be predicted: int32, one a row. */
  readonly targets: number;
  readonly #heap: WasmHeap;

  constructor(heap: WasmHeap, numSequences: number, seqLen: number) {
    this.#heap = heap;
    this.numSequences = numSequences;
    this.seqLen = seqLen;
    this.#maxRows = numSequences * seqLen;
    this.ids = heap.malloc(4 * this.numRows);
    this.positions = heap.malloc(4 * this.numRows);
    this.targets = heap.malloc(4 * this.numRows);
    this.#fillPositions();
  }

  #fillPositions(): void {
    const positions = this.#heap.int32(this.positions, this.numRows); // [rows]
    positions.forEach((_, row) => (positions[row] = row % this.seqLen));
  }

  get numRows(): number {
    return this.numSequences * this.seqLen;
  }

  /** Both arrays hold one id a row. */
  fill({ ids, targets, numSequences, seqLen }: Batch): void {
    assertInvariant(numSequences * seqLen <= this.#maxRows, 'there is room for the rows of a step');
    const isLike = numSequences === this.numSequences && seqLen === this.seqLen;
    [this.numSequences, this.seqLen] = [numSequences, seqLen];
    if (!isLike) this.#fillPositions();
    assertInvariant(ids.length === this.numRows && targets.length === this.numRows, 'a token for every row');
    this.#heap.int32(this.ids, this.numRows).set(ids);
    this.#heap.int32(this.targets, this.numRows).set(targets);
  }

  dispose(): void {
    for (const address of [this.ids, this.positions, this.targets]) this.#heap.free(address);
  }
}
