import type { CausalLm } from '../../src/model/architecture.ts';
import type { KvCache, Runtime } from '../../src/runtime/runtime.ts';
import type { StepBatch, StepRow, TopLogits } from '../../src/runtime/step-batch.ts';

const unused = (): never => {
  throw new Error('the runtime computes nothing');
};

/** A model that nobody runs. */
export const NO_MODEL: CausalLm = {
  config: {
    architecture: 'none',
    vocabSize: 1,
    contextLength: 1,
    dim: 1,
    numHeads: 1,
    numKvHeads: 1,
    headDim: 1,
    numLayers: 1,
    mlpDim: 1,
    tiedHead: true,
    bosTokenId: undefined,
    eosTokenIds: [],
  },
  hiddenState: unused,
  forward: unused,
};

/**
 * A runtime whose lanes hold tokens, and whose logits are a function of what a lane holds up to a row's position: a
 * row that was computed behind tokens that are not its own gets other logits.
 */
export class LaneRuntime implements Runtime {
  readonly name = 'cpu';
  readonly description = 'lanes of tokens';
  readonly device = { name: 'none' };
  readonly numThreads = 1;
  readonly cache: KvCache = {
    shape: { numLayers: 1, numKvHeads: 1, headDim: 1, numLanes: 64, laneLength: 4096 },
    numBytes: 0,
    dispose: () => undefined,
  };
  readonly #lanes = new Map<number, number[]>();
  readonly #numTop: number;
  readonly #logitsOf: (tokenIds: readonly number[]) => Float32Array;

  /**
   * @param logitsOf a sequence's tokens -> the logits of the next: [vocab]
   * @param numTop tokens of a row of which the top is enough; 0: all rows come whole
   */
  constructor(logitsOf: (tokenIds: readonly number[]) => Float32Array, numTop = 0) {
    this.#logitsOf = logitsOf;
    this.#numTop = numTop;
  }

  createParameter = unused;

  createKvCache(): KvCache {
    return this.cache;
  }

  runStep({
    numRows,
    tokenIds,
    positions,
    lanes,
    logitRows,
    numLogitRows,
    topRows,
  }: StepBatch): Promise<StepRow[]> {
    for (let row = 0; row < numRows; row++)
      this.#laneOf(lanes[row])[positions[row] ?? NaN] = tokenIds[row] ?? NaN;
    const rows = [...logitRows.subarray(0, numLogitRows)].map((row) =>
      this.#logitsOf(this.#laneOf(lanes[row]).slice(0, (positions[row] ?? NaN) + 1)),
    ); // [logitRows][vocab]
    return Promise.resolve(
      rows.map((row, i) => (this.#numTop > 0 && topRows[i] === true ? topOf(row, this.#numTop) : row)),
    );
  }

  numComputedRows({ numRows }: StepBatch): number {
    return numRows;
  }

  copyLane(_cache: KvCache, from: number, to: number, numTokens: number): void {
    this.#laneOf(to).splice(0, numTokens, ...this.#laneOf(from).slice(0, numTokens));
  }

  memory(): { numTensors: number; numBytes: number } {
    return { numTensors: 0, numBytes: 0 };
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }

  #laneOf(lane = NaN): number[] {
    const tokens = this.#lanes.get(lane) ?? [];
    this.#lanes.set(lane, tokens);
    return tokens;
  }
}

/** The most probable tokens of a row, by a sort. */
export function topOf(logits: Float32Array, numTop: number): TopLogits {
  const tokenIds = Int32Array.from(logits.keys())
    .sort((one, other) => (logits[other] ?? 0) - (logits[one] ?? 0) || one - other)
    .slice(0, numTop);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
  return { tokenIds, logits: Float32Array.from(tokenIds, (id) => logits[id] ?? 0), logSumExp: Math.log(sum) };
}
