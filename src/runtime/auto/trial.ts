import { buildStepBatch } from '../build-step-batch.ts';
import { bookHeads, type AttentionHeads, type Parameter } from '../ops.ts';
import { pagesFor } from '../../pages.ts';
import type { Forward, Runtime } from '../runtime.ts';

/** A few steps of a model's shape with weights that mean nothing: how fast a runtime is, before the model is loaded. */

export interface TrialShape {
  readonly vocabSize: number;
  readonly dim: number;
  readonly numHeads: number;
  readonly numKvHeads: number;
  readonly headDim: number;
  readonly numLayers: number;
  readonly mlpDim: number;
}

/** Milliseconds, each the least of several runs. */
export interface TrialFigures {
  /** A prompt of 128 tokens. */
  readonly promptMs: number;
  /** A step of one sequence. */
  readonly stepMs: number;
  /** A step of eight. */
  readonly stepOf8Ms: number;
}

/** GPT-2 small's, where no model is named. */
export const USUAL_SHAPE: TrialShape = {
  vocabSize: 50257,
  dim: 768,
  numHeads: 12,
  numKvHeads: 12,
  headDim: 64,
  numLayers: 12,
  mlpDim: 3072,
};

const PROMPT_TOKENS = 128;
const NUM_SEQUENCES = 8;
const PAGES_EACH = pagesFor(PROMPT_TOKENS + 1);
/** A large model is tried by some of its blocks, and by some of the rows of its head. */
const MAX_BLOCKS = 4;
const MAX_PARAMETERS = 48e6;
const MAX_HEAD_ROWS = 16_384;
/** For each of the three steps, after one that is not counted. */
const TRIAL_MS = 70;
const EPSILON = 1e-5;

interface TrialBlock {
  readonly norm: Parameter;
  readonly qkv: Parameter;
  readonly out: Parameter;
  readonly expand: Parameter;
  readonly project: Parameter;
}

/** How many blocks a trial of the shape has. */
export function trialBlocks({ dim, numHeads, numKvHeads, headDim, numLayers, mlpDim }: TrialShape): number {
  const ofBlock = dim * ((2 * numHeads + 2 * numKvHeads) * headDim + 2 * mlpDim);
  return Math.max(1, Math.min(MAX_BLOCKS, numLayers, Math.floor(MAX_PARAMETERS / ofBlock)));
}

/** @throws EngineError if the runtime refuses the shape or fails the step */
export async function runTrial(runtime: Runtime, shape: TrialShape): Promise<TrialFigures> {
  const { numKvHeads, headDim } = shape;
  const numBlocks = trialBlocks(shape);
  const forward = trialForward(runtime, shape, numBlocks);
  const cache = runtime.createKvCache({
    numLayers: numBlocks,
    numKvHeads,
    headDim,
    numPages: NUM_SEQUENCES * PAGES_EACH,
    maxStepPages: NUM_SEQUENCES * PAGES_EACH,
  });
  const tokenIds = Array.from({ length: PROMPT_TOKENS }, (_, i) => (i * 7) % shape.vocabSize);
  const pagesOf = (sequence: number): number[] =>
    Array.from({ length: PAGES_EACH }, (_, page) => sequence * PAGES_EACH + page); // [PAGES_EACH]
  const step = (numSequences: number): (() => Promise<unknown>) => {
    const sequences = Array.from({ length: numSequences }, (_, sequence) => ({
      pages: pagesOf(sequence),
      positionStart: PROMPT_TOKENS,
      tokenIds: [1],
      logits: 'last' as const,
    }));
    return () => runtime.runStep(buildStepBatch(sequences), cache, forward);
  };
  const prompt = buildStepBatch([{ pages: pagesOf(0), positionStart: 0, tokenIds, logits: 'last' }]);
  const promptMs = await leastMs(() => runtime.runStep(prompt, cache, forward));
  return { promptMs, stepMs: await leastMs(step(1)), stepOf8Ms: await leastMs(step(NUM_SEQUENCES)) };
}

/** The book's blocks; positions and the form of the MLP hardly matter to the time. */
function trialForward(
  runtime: Runtime,
  { vocabSize, dim, numHeads, numKvHeads, headDim, mlpDim }: TrialShape,
  numBlocks: number,
): Forward {
  const matrix = (name: string, numOut: number, depth: number): Parameter =>
    runtime.createParameter(name, [numOut, depth], someWeights(numOut * depth));
  const ones = (name: string): Parameter =>
    runtime.createParameter(name, [dim], new Float32Array(dim).fill(1));
  const embedding = matrix('embedding', Math.min(vocabSize, MAX_HEAD_ROWS), dim);
  const blocks = Array.from({ length: numBlocks }, (_, i): TrialBlock => ({
    norm: ones(`${i}.norm`),
    qkv: matrix(`${i}.qkv`, (numHeads + 2 * numKvHeads) * headDim, dim),
    out: matrix(`${i}.out`, dim, numHeads * headDim),
    expand: matrix(`${i}.expand`, mlpDim, dim),
    project: matrix(`${i}.project`, dim, mlpDim),
  }));
  const heads: AttentionHeads = { ...bookHeads(numHeads, headDim), numKvHeads };
  return (ops) => {
    let x = ops.embed(embedding, undefined); // [rows, dim]
    for (const [i, { norm, qkv, out, expand, project }] of blocks.entries()) {
      const projected = ops.linear(ops.rmsNorm(x, norm, EPSILON), qkv, undefined); // [rows, qkv]
      x = ops.add(x, ops.linear(ops.attention(projected, i, heads), out, undefined)); // [rows, dim]
      const hidden = ops.gelu(ops.linear(ops.rmsNorm(x, norm, EPSILON), expand, undefined)); // [rows, mlpDim]
      x = ops.add(x, ops.linear(hidden, project, undefined)); // [rows, dim]
    }
    return ops.linear(ops.selectRows(x), embedding, undefined); // [logitRows, head rows]
  };
}

/** From -0.05 to 0.05: nothing overflows, and no product is a special case. */
function someWeights(length: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32 - 0.5) / 10;
  });
}

async function leastMs(run: () => Promise<unknown>): Promise<number> {
  await run();
  let least = Infinity;
  const end = performance.now() + TRIAL_MS;
  do {
    const startedAt = performance.now();
    await run();
    least = Math.min(least, performance.now() - startedAt);
  } while (performance.now() < end);
  return least;
}
