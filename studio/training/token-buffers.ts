import { assertInvariant } from '../../src/errors.ts';
import type { Handle } from '../../src/runtime/kernels/kernel-addon.ts';
import type { Batch } from './document-batches.ts';
import type { TrainingMemory } from './tensor-memory.ts';
import type { TokenBatch } from './training-ops.ts';

/** Room in the kernels' memory for the tokens of one step: sequences of equal length, one after the other. */
export class TokenBuffers implements TokenBatch {
  /** Of the step that they are filled for; at first as many and as long as there is room for. */
  numSequences: number;
  seqLen: number;
  readonly #maxRows: number;
  readonly #memory: TrainingMemory;
  readonly #handles: readonly Handle[];
  readonly #ids: Int32Array;
  readonly #positions: Int32Array;
  readonly #targets: Int32Array;

  constructor(memory: TrainingMemory, numSequences: number, seqLen: number) {
    this.#memory = memory;
    this.numSequences = numSequences;
    this.seqLen = seqLen;
    this.#maxRows = numSequences * seqLen;
    const handles = [1, 2, 3].map(() => memory.addVector(this.#maxRows));
    const [ids, positions, targets] = handles.map((handle) => memory.integersOf(handle)); // [rows] each
    assertInvariant(ids && positions && targets, 'there are three arrays');
    this.#handles = handles;
    [this.#ids, this.#positions, this.#targets] = [ids, positions, targets];
    this.#fillPositions();
  }

  get ids(): Int32Array {
    return this.#ids.subarray(0, this.numRows);
  }

  get positions(): Int32Array {
    return this.#positions.subarray(0, this.numRows);
  }

  /** The ids that are to be predicted, one a row. */
  get targets(): Int32Array {
    return this.#targets.subarray(0, this.numRows);
  }

  #fillPositions(): void {
    const { positions, seqLen } = this;
    positions.forEach((_, row) => (positions[row] = row % seqLen));
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
    this.ids.set(ids);
    this.targets.set(targets);
  }

  dispose(): void {
    for (const handle of this.#handles) this.#memory.freeTensor(handle);
  }
}
