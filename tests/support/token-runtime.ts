import type { CausalLm } from '../../src/model/architecture.ts';
import { PAGE_TOKENS } from '../../src/pages.ts';
import type { KvCache, PageBytes, Runtime } from '../../src/runtime/runtime.ts';
import type { Segment, StepBatch, StepRow, TopLogits } from '../../src/runtime/step-batch.ts';
import { seatShape } from './seats.ts';

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

const SEAT_LENGTH = 4096;

/**
 * A runtime whose pages hold tokens, and whose logits are a function of what the pages of a sequence hold up to a row's
 * position: a row that was computed behind tokens that are not its own gets other logits.
 */
export class TokenRuntime implements Runtime {
  readonly name = 'cpu';
  readonly description = 'pages of tokens';
  readonly device = { name: 'none' };
  readonly numThreads = 1;
  readonly seatLength = SEAT_LENGTH;
  readonly cache: KvCache = {
    shape: seatShape({ numLayers: 1, numKvHeads: 1, headDim: 1, numSeats: 64, seatLength: SEAT_LENGTH }),
    numBytes: 0,
    dispose: () => undefined,
  };
  /** The tokens of each page: [PAGE_TOKENS] */
  readonly #pages = new Map<number, number[]>();
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

  runStep({ tokenIds, segments, logitRows, numLogitRows, topRows }: StepBatch): Promise<StepRow[]> {
    for (const segment of segments) this.#write(segment, tokenIds);
    const rows = [...logitRows.subarray(0, numLogitRows)].map((row) =>
      this.#logitsOf(this.#tokensUpTo(row, segments)),
    ); // [logitRows][vocab]
    return Promise.resolve(
      rows.map((row, i) => (this.#numTop > 0 && topRows[i] === true ? topOf(row, this.#numTop) : row)),
    );
  }

  numComputedRows({ numRows }: StepBatch): number {
    return numRows;
  }

  copyPage(_cache: KvCache, from: number, to: number): void {
    this.#pages.set(to, [...this.#tokensOf(from)]);
  }

  clearPage(_cache: KvCache, page: number, from: number): void {
    this.#pages.set(page, this.#tokensOf(page).slice(0, from));
  }

  /** A page's tokens as words; -1 where there is none. */
  readonly pageBytes: PageBytes = {
    format: 'tokens',
    readPage: (_cache, page, bytes) => {
      const tokens = Int32Array.from({ length: PAGE_TOKENS }, (_, i) => this.#tokensOf(page)[i] ?? -1); // [PAGE_TOKENS]
      bytes.set(new Uint8Array(tokens.buffer));
    },
    writePage: (_cache, page, bytes) => {
      this.#pages.set(page, [...new Int32Array(new Uint8Array(bytes).buffer)]);
    },
  };

  memory(): { numTensors: number; numBytes: number } {
    return { numTensors: 0, numBytes: 0 };
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }

  #write({ pages, rowStart, numRows, positionStart }: Segment, tokenIds: Int32Array): void {
    for (let row = 0; row < numRows; row++) {
      const position = positionStart + row;
      const page = this.#tokensOf(pages[Math.floor(position / PAGE_TOKENS)]);
      page[position % PAGE_TOKENS] = tokenIds[rowStart + row] ?? NaN;
    }
  }

  /** What the pages of a row's sequence hold up to the row's position; NaN where nothing was written. */
  #tokensUpTo(row: number, segments: readonly Segment[]): number[] {
    const segment = segments.find(({ rowStart, numRows }) => row >= rowStart && row < rowStart + numRows);
    if (segment === undefined) throw new Error(`no sequence has row ${row}`);
    const { pages, rowStart, positionStart } = segment;
    return Array.from(
      { length: positionStart + row - rowStart + 1 },
      (_, position) =>
        this.#tokensOf(pages[Math.floor(position / PAGE_TOKENS)])[position % PAGE_TOKENS] ?? NaN,
    );
  }

  #tokensOf(page = NaN): number[] {
    const tokens = this.#pages.get(page) ?? [];
    this.#pages.set(page, tokens);
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
