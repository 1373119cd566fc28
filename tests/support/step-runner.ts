import { loadModel, type LoadedModel } from '../../src/model/load-model.ts';
import { buildStepBatch, type SegmentInput } from '../../src/runtime/build-step-batch.ts';
import type { Forward, KvCache, Runtime } from '../../src/runtime/runtime.ts';
import type { StepRow } from '../../src/runtime/step-batch.ts';
import { fixturePath } from './fixtures.ts';
import { inPages, type SeatSegment, seatShape } from './seats.ts';

const BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128];

interface StepRunnerOptions {
  numSeats?: number;
  /** Tokens a seat can hold; by default the model's context. */
  seatLength?: number;
  /** What rows are padded to. */
  buckets?: readonly number[];
}

/** A fixture model on a runtime with a cache of its own: runs steps and hands out logits row by row. */
export class StepRunner {
  readonly runtime: Runtime;
  readonly loaded: LoadedModel;
  readonly cache: KvCache;
  /** Tokens that a seat holds. */
  readonly seatLength: number;
  readonly #forward: Forward = (ops) => this.loaded.model.forward(ops);

  readonly #buckets: readonly number[];

  private constructor(runtime: Runtime, loaded: LoadedModel, options: Required<StepRunnerOptions>) {
    this.runtime = runtime;
    this.loaded = loaded;
    this.#buckets = options.buckets;
    const { numLayers, numKvHeads, headDim } = loaded.config;
    const { numSeats, seatLength } = options;
    this.seatLength = seatLength;
    this.cache = runtime.createKvCache(seatShape({ numLayers, numKvHeads, headDim, numSeats, seatLength }));
  }

  static load(runtime: Runtime, fixture: string, numSeats = 8): Promise<StepRunner> {
    return StepRunner.open(runtime, fixturePath(fixture), { numSeats });
  }

  static async open(runtime: Runtime, path: string, options: StepRunnerOptions = {}): Promise<StepRunner> {
    const loaded = await loadModel(path, runtime);
    const defaults = { numSeats: 8, seatLength: loaded.config.contextLength, buckets: BUCKETS };
    return new StepRunner(runtime, loaded, { ...defaults, ...options });
  }

  /** The logits asked for, in order, without the padding: [numLogitRows][vocab]. */
  step(inputs: readonly SeatSegment[], buckets = this.#buckets): Promise<Float32Array[]> {
    return this.stepOver(inPages(inputs, this.seatLength), buckets);
  }

  /** The same of sequences that have pages of one's own choice. */
  async stepOver(inputs: readonly SegmentInput[], buckets = this.#buckets): Promise<Float32Array[]> {
    const batch = buildStepBatch(inputs, buckets);
    const rows = await this.runtime.runStep(batch, this.cache, this.#forward); // [logitRows][vocab]
    return rows.slice(0, batch.numLogitRows).map((row) => wholeRow(row).slice());
  }

  /** Logits of every token of a sequence computed alone in one step: [tokens][vocab]. */
  whole(tokenIds: readonly number[], seat = 0): Promise<Float32Array[]> {
    return this.step([{ seat, positionStart: 0, tokenIds, logits: 'all' }]);
  }

  /** The last of them: [vocab]. */
  async lastOf(tokenIds: readonly number[], seat = 0): Promise<Float32Array> {
    return (await this.whole(tokenIds, seat)).at(-1) ?? new Float32Array();
  }
}

/** A row that came back whole. */
export function wholeRow(row: StepRow | undefined): Float32Array {
  if (!(row instanceof Float32Array)) throw new Error('the row did not come back whole');
  return row;
}

/** Token ids that depend on `seed` alone. */
export function someTokenIds(length: number, vocabSize: number, seed: number): number[] {
  return Array.from(
    { length },
    (_, i) => (Math.imul(i + 1, 2654435761) ^ Math.imul(seed + 1, 40503)) >>> 7,
  ).map((hash) => hash % vocabSize);
}
