import { assertInvariant } from '../../errors.ts';
import { rowsOf } from '../rows-of.ts';
import type { Forward } from '../runtime.ts';
import type { StepBatch } from '../step-batch.ts';
import { TOP_LOGITS, type StepRow, type TopLogits } from '../step-row.ts';
import type { EagerContext } from './eager-context.ts';
import { KernelOps, type BatchCheck } from './kernel-ops.ts';
import { once } from './once.ts';
import { optimizeStep } from './optimize-step.ts';
import { encodeStep, type StepProgram } from './step-program.ts';
import type { TensorInfo } from './tensorflow-binding.ts';
import type { TensorflowKvCache } from './tensorflow-kv-cache.ts';

interface Recording {
  readonly program: StepProgram;
  readonly checks: readonly BatchCheck[];
}

/** Token ids come back as float32, which has room for whole numbers up to here. */
const MOST_TOP_COLS = 2 ** 24;

/** Steps by our own kernels: each forward pass is recorded once a cache, and a step is one call into TensorFlow. */
export class KernelSteps {
  readonly #context: EagerContext;
  readonly #recordings = new WeakMap<TensorflowKvCache, WeakMap<Forward, Recording>>();

  constructor(context: EagerContext) {
    this.#context = context;
  }

  /** Rows of the result, in order; without padding. */
  run(batch: StepBatch, cache: TensorflowKvCache, forward: Forward): StepRow[] {
    const { program, checks } = this.#recordingOf(cache, forward);
    for (const check of checks) check(batch);
    const { words, tensors, numHalves, cols, isSelected } = program;
    const numTop = Math.min(TOP_LOGITS, cols);
    const topIsEnough = Array.from(
      { length: batch.numLogitRows },
      (_, row) => isSelected && cols <= MOST_TOP_COLS && (batch.topRows[row] ?? false),
    );
    const rowWords = encodeRows(batch, numTop, topIsEnough);
    const inputs = [
      this.#context.upload([words.length], words),
      this.#context.upload([rowWords.length], rowWords),
      ...tensors,
    ];
    const attributes = stepAttributes(tensors.length - numHalves, numHalves);
    const outputs = this.#context.runMany('TokenflareStep', attributes, inputs, 2);
    const whole = rowsOf(this.#read(outputs[0]), cols); // [whole][cols]
    const tops = rowsOf(this.#read(outputs[1]), 2 * numTop + 1).map(toTopLogits); // [tops]
    if (tops.length === 0) return whole;
    return topIsEnough.map((isTop) => takeNext(isTop ? tops : whole));
  }

  #recordingOf(cache: TensorflowKvCache, forward: Forward): Recording {
    let ofCache = this.#recordings.get(cache);
    if (ofCache === undefined) this.#recordings.set(cache, (ofCache = new WeakMap()));
    let recording = ofCache.get(forward);
    if (recording === undefined) {
      const ops = new KernelOps(cache);
      const step = ops.stepTo(forward(ops));
      recording = { program: encodeStep(optimizeStep(step)), checks: ops.checks };
      ofCache.set(forward, recording);
    }
    return recording;
  }

  /** Reading nothing costs as much as reading little. */
  #read(tensor: TensorInfo | undefined): Float32Array {
    assertInvariant(tensor, 'a step has two outputs');
    if (tensor.shape.includes(0)) return new Float32Array();
    const values = this.#context.read(tensor); // [rows, cols]
    assertInvariant(values instanceof Float32Array, 'activations are float32');
    return values;
  }
}

/** What a step says of its rows, without their padding, as `StepRows` in `native/step_program.h` has it. */
function encodeRows(batch: StepBatch, numTop: number, topIsEnough: readonly boolean[]): Int32Array {
  const { numRows, numLogitRows, tokenIds, positions, lanes, logitRows } = batch;
  const words = new Int32Array(3 + 3 * numRows + 2 * numLogitRows);
  words.set([numRows, numLogitRows, numTop]);
  words.set(tokenIds.subarray(0, numRows), 3);
  words.set(positions.subarray(0, numRows), 3 + numRows);
  words.set(lanes.subarray(0, numRows), 3 + 2 * numRows);
  words.set(logitRows.subarray(0, numLogitRows), 3 + 3 * numRows);
  words.set(topIsEnough.map(Number), 3 + 3 * numRows + numLogitRows);
  return words;
}

/** The largest of a row, where they stand, and its log-sum-exp: [2 * numTop + 1]. */
function toTopLogits(row: Float32Array): TopLogits {
  const numTop = (row.length - 1) / 2;
  return {
    tokenIds: Int32Array.from(row.subarray(numTop, 2 * numTop)),
    logits: row.subarray(0, numTop),
    logSumExp: row[2 * numTop] ?? 0,
  };
}

function takeNext(rows: StepRow[]): StepRow {
  const row = rows.shift();
  assertInvariant(row, 'each row comes whole or as its top');
  return row;
}

const stepAttributes = once((numFloats: number, numHalves: number) => ({
  num_floats: numFloats,
  num_halves: numHalves,
}));
