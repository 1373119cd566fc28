import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SegmentInput } from '../../src/runtime/build-step-batch.ts';
import { decodeBfloat16, encodeBfloat16 } from '../../src/runtime/half-precision.ts';
import { bookHeads, type Activation, type Parameter, type TransformerOps } from '../../src/runtime/ops.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { createWasmRuntime } from '../../src/runtime/wasm/wasm-runtime.ts';
import { expectClose } from '../support/compare.ts';
import { flat, product, softmaxRows, someRows, transposed, type Rows } from '../support/matrix.ts';
import { embedRows, runCausalAttention, runOps } from '../support/run-ops.ts';
import { wholeRow } from '../support/step-runner.ts';

type Compute = (x: Activation, ops: TransformerOps) => Activation;

/** Every segment from the start of its sequence, in a lane of its own: far apart, out of order. */
const LANES = [2, 0, 3, 1];

describe.each([1, 2, 3])('wasm kernels on %i threads against float64', (numThreads) => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await createWasmRuntime({ numThreads, weights: 'f32' });
  });
  afterAll(() => runtime.dispose());

  it.each([
    { rows: 1, depth: 1, cols: 1 },
    { rows: 1, depth: 5, cols: 9 },
    { rows: 1, depth: 67, cols: 1000 },
    { rows: 2, depth: 7, cols: 8 },
    { rows: 3, depth: 64, cols: 17 },
    { rows: 4, depth: 33, cols: 44 },
    { rows: 5, depth: 12, cols: 130 },
    { rows: 16, depth: 24, cols: 31 },
    { rows: 17, depth: 100, cols: 257 },
    { rows: 70, depth: 8, cols: 6 },
  ])(
    'multiplies [$rows, $depth] by [$depth, $cols], with and without a bias',
    async ({ rows, depth, cols }) => {
      const [x, w, [b = []]] = [someRows(rows, depth, 1), someRows(cols, depth, 2), someRows(1, cols, 3)];
      const weight = runtime.createParameter('w', [cols, depth], flat(w));
      const bias = runtime.createParameter('b', [cols], Float32Array.from(b));
      const expected = product(x, transposed(w)); // [rows][cols]
      const tolerance = 1e-6 * Math.sqrt(depth);
      expectClose(
        (await runOps(runtime, x, (a, ops) => ops.linear(a, weight, undefined))).flat(),
        expected.flat(),
        tolerance,
      );
      const withBias = expected.map((row) => row.map((value, col) => value + (b[col] ?? NaN)));
      expectClose(
        (await runOps(runtime, x, (a, ops) => ops.linear(a, weight, bias))).flat(),
        withBias.flat(),
        tolerance,
      );
    },
  );

  it.each([1, 3, 8, 13, 64, 100])('normalises rows of %i', async (dim) => {
    const [x, [gain = []], [shift = []]] = [someRows(11, dim, 4), someRows(1, dim, 5), someRows(1, dim, 6)];
    const g = runtime.createParameter('g', [dim], Float32Array.from(gain));
    const s = runtime.createParameter('s', [dim], Float32Array.from(shift));
    const normalise = (row: readonly number[]) => {
      const mean = row.reduce((sum, value) => sum + value, 0) / dim;
      const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / dim;
      return row.map((value, d) => ((value - mean) / Math.sqrt(variance + 1e-5)) * (gain[d] ?? NaN));
    };
    const plain = x.map(normalise);
    const shifted = plain.map((row) => row.map((value, d) => value + (shift[d] ?? NaN)));
    expectClose(
      (await runOps(runtime, x, (a, ops) => ops.layerNorm(a, g, undefined, 1e-5))).flat(),
      plain.flat(),
      2e-6,
    );
    expectClose(
      (await runOps(runtime, x, (a, ops) => ops.layerNorm(a, g, s, 1e-5))).flat(),
      shifted.flat(),
      2e-6,
    );
  });

  it('has the tanh GELU from far below zero to far above', async () => {
    const x = Array.from({ length: 40 }, (_, r) =>
      Array.from({ length: 63 }, (_, c) => (r * 63 + c - 1260) / 100),
    );
    const gelu = (value: number) =>
      0.5 * value * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (value + 0.044715 * value ** 3)));
    const result = (await runOps(runtime, x, (a, ops) => ops.gelu(a))).flat();
    expectClose(result, x.flat().map(gelu), 1e-6);
    const extremes = (
      await runOps(runtime, [[-3e38, -1e20, -100, 0, 100, 3e37]], (a, ops) => ops.gelu(a))
    ).flat();
    expectClose(extremes.slice(0, 4), [0, 0, 0, 0], 1e-30);
    expect(extremes.slice(4)).toEqual([100, Math.fround(3e37)]);
  });

  it.each([1, 3, 4, 7, 12, 20, 64, 128])(
    'attends with heads of %i, in lanes far apart, at lengths 1 to 40',
    async (headDim) => {
      const numHeads = 2;
      const lengths = [1, 40, 7, 16];
      const numTokens = lengths.reduce((sum, length) => sum + length, 0);
      const qkv = someRows(numTokens, 3 * numHeads * headDim, 7);
      let next = 0;
      const segments = lengths.map((length, index): SegmentInput => {
        const tokenIds = Array.from({ length }, () => next++);
        return { lane: LANES[index] ?? 0, positionStart: 0, tokenIds, logits: 'all' };
      });
      const attended = await runOps(
        runtime,
        qkv,
        (x, ops) => ops.attention(x, 0, bookHeads(numHeads, headDim)),
        {
          numHeads,
          segments,
        },
      );
      const expected = segments.flatMap(({ tokenIds }) => {
        const first = tokenIds[0] ?? 0;
        return attentionByDefinition(qkv.slice(first, first + tokenIds.length), numHeads, headDim);
      });
      expectClose(attended.flat(), expected.flat(), 2e-6);
    },
  );

  it('keeps the weights of a hundred and one equal keys equal', async () => {
    const [q] = someRows(1, 8, 8);
    const rows = Array.from({ length: 101 }, () => q ?? []);
    const values = Array.from({ length: 101 }, (_, token) => Array.from({ length: 8 }, () => token));
    const result = await runCausalAttention(runtime, rows, rows, values);
    expectClose(
      result.map((row) => row[0] ?? NaN),
      values.map((_, token) => token / 2),
      1e-4,
    );
  });
});

describe('wasm kernels, bit for bit', () => {
  let runtimes: Runtime[];
  beforeAll(async () => {
    runtimes = await Promise.all(
      [1, 2, 3].map((numThreads) => createWasmRuntime({ numThreads, weights: 'f32' })),
    );
  });
  afterAll(() => Promise.all(runtimes.map((runtime) => runtime.dispose())));

  /** A layer of everything but attention: products of odd sizes, norm, GELU, shortcut. */
  function layer(runtime: Runtime): Compute {
    const parameter = (name: string, shape: [number, number], seed: number) =>
      runtime.createParameter(name, shape, flat(someRows(...shape, seed)));
    const [expand, contract] = [parameter('expand', [301, 37], 1), parameter('contract', [37, 301], 2)];
    const bias = runtime.createParameter('bias', [301], flat(someRows(1, 301, 3)));
    const gain = runtime.createParameter('gain', [37], flat(someRows(1, 37, 4)));
    return (x, ops) => {
      const hidden = ops.gelu(ops.linear(ops.layerNorm(x, gain, undefined, 1e-5), expand, bias));
      return ops.add(x, ops.linear(hidden, contract, undefined));
    };
  }

  /** A layer of a later decoder: RMSNorm of rows and of heads, a gate. */
  function gatedLayer(runtime: Runtime): Compute {
    const expand = runtime.createParameter('expand', [602, 37], flat(someRows(602, 37, 1)));
    const contract = runtime.createParameter('contract', [37, 301], flat(someRows(37, 301, 2)));
    const gain = runtime.createParameter('gain', [37], flat(someRows(1, 37, 4)));
    const headGain = runtime.createParameter('head gain', [7], flat(someRows(1, 7, 3)));
    const stripes = { numHeads: 82, numKvHeads: 2, headDim: 7 };
    return (x, ops) => {
      const heads = ops.linear(ops.rmsNorm(x, gain, 1e-6), expand, undefined);
      const hidden = ops.gate(ops.normHeads(heads, headGain, headGain, 1e-6, stripes), 'silu');
      return ops.add(x, ops.linear(hidden, contract, undefined));
    };
  }

  it.each([
    ['book', layer],
    ['gated', gatedLayer],
  ])(
    'gives a row of a %s layer the same bits alone, in company, and on any number of threads',
    async (_, of) => {
      const x = someRows(37, 37, 5);
      const results: number[][][] = [];
      for (const runtime of runtimes) {
        const compute = of(runtime);
        const alone: number[][] = [];
        for (const row of x) alone.push((await runOps(runtime, [row], compute)).flat());
        for (const numRows of [2, 3, 4, 5, 8, 15, 16, 17, 37]) {
          expect(await runOps(runtime, x.slice(0, numRows), compute)).toEqual(alone.slice(0, numRows));
        }
        results.push(alone);
      }
      const [first, ...others] = results;
      for (const other of others) expect(other).toEqual(first);
    },
  );

  it('gives a token the same bits whether its keys came by one chunk, by several, or one at a time', async () => {
    const [numHeads, headDim, length] = [3, 10, 45];
    const qkv = someRows(length, 3 * numHeads * headDim, 6);
    const results: number[][][] = [];
    for (const runtime of runtimes) {
      for (const chunks of [[45], [1, 44], [3, 8, 30, 4], [16, 16, 13], Array<number>(length).fill(1)]) {
        results.push(await attendInChunks(runtime, qkv, numHeads, headDim, chunks));
      }
    }
    for (const result of results) expect(result).toEqual(results[0]);
  });
});

describe.each([1, 2, 3])('wasm matrices in bfloat16 on %i threads', (numThreads) => {
  let [whole, auto, rounding]: Runtime[] = [];
  beforeAll(async () => {
    whole = await createWasmRuntime({ numThreads, weights: 'f32' });
    auto = await createWasmRuntime({ numThreads, weights: 'auto' });
    rounding = await createWasmRuntime({ numThreads, weights: 'bf16' });
  });
  afterAll(async () => {
    for (const runtime of [whole, auto, rounding]) await runtime?.dispose();
  });

  /** A matrix on a runtime, and the bytes of the heap that it takes. */
  function matrix(runtime: Runtime | undefined, rows: Rows): { weight: Parameter; numBytes: number } {
    const before = runtime!.memory().numBytes;
    const weight = runtime!.createParameter('w', [rows.length, rows[0]?.length ?? 0], flat(rows));
    return { weight, numBytes: runtime!.memory().numBytes - before };
  }

  it.each([
    { depth: 1, cols: 1 },
    { depth: 5, cols: 9 },
    { depth: 67, cols: 1000 },
    { depth: 7, cols: 8 },
    { depth: 33, cols: 44 },
    { depth: 130, cols: 257 },
  ])('multiply [rows, $depth] by [$depth, $cols] to the bits of float32', async ({ depth, cols }) => {
    const w = roundedRows(cols, depth, 2);
    const [half, full] = [matrix(auto, w), matrix(whole, w)];
    expect(half.numBytes).toBe(full.numBytes / 2);
    const b = flat(someRows(1, cols, 3));
    const x = someRows(130, depth, 1);
    for (const numRows of [...Array.from({ length: 33 }, (_, i) => i + 1), 64, 130]) {
      const productOn = (runtime: Runtime, { weight }: { weight: Parameter }) => {
        const bias = numRows % 2 === 0 ? runtime.createParameter('b', [cols], b) : undefined;
        return runOps(runtime, x.slice(0, numRows), (a, ops) => ops.linear(a, weight, bias));
      };
      expect(await productOn(auto!, half)).toEqual(await productOn(whole!, full));
    }
  });

  it('do so where threads widen large chunks side by side', async () => {
    const w = roundedRows(800, 300, 2);
    const [half, full] = [matrix(auto, w).weight, matrix(whole, w).weight];
    const x = someRows(130, 300, 1);
    const expected = await runOps(whole!, x, (a, ops) => ops.linear(a, full, undefined));
    for (let i = 0; i < 5; i++) {
      expect(await runOps(auto!, x, (a, ops) => ops.linear(a, half, undefined))).toEqual(expected);
    }
  });

  it('stay whole where one number would lose a bit', () => {
    const w = roundedRows(9, 20, 4);
    const exact = matrix(auto, w).numBytes;
    (w[8] ?? [])[19] = 1 + 2 ** -8;
    expect(matrix(auto, w).numBytes).toBe(2 * exact);
    expect(matrix(auto, w).numBytes).toBe(matrix(whole, w).numBytes);
    expect(matrix(rounding, w).numBytes).toBe(exact);
  });

  it('are rounded, ties to even, when asked for', async () => {
    const tie = 2 ** -8;
    const special = [1 + tie, 1 + 3 * tie, -1 - tie, 1 + tie * 1.001, -0, 2 ** -133, 3e38, -1e-40, 0.1];
    const w = [special, ...someRows(70, 9, 5).map((row) => row.map((value) => value * 1.001))];
    const expected = w.map((row) => [...rounded(Float32Array.from(row))]);
    expect(expected).not.toEqual(w);
    expect(await embedRows(rounding!, matrix(rounding, w).weight, undefined, w.length, 9)).toEqual(expected);
  });

  it('embed to the bits of float32, tokens and positions in either format', async () => {
    const [numRows, dim] = [19, 13];
    const [exactTokens, exactPositions] = [roundedRows(numRows, dim, 6), roundedRows(numRows, dim, 7)];
    const [tokens, positions] = [someRows(numRows, dim, 8), someRows(numRows, dim, 9)];
    for (const [t, p] of [
      [exactTokens, exactPositions],
      [exactTokens, positions],
      [tokens, exactPositions],
      [exactTokens, undefined],
    ] as const) {
      const embeddedOn = (runtime: Runtime) =>
        embedRows(runtime, matrix(runtime, t).weight, p && matrix(runtime, p).weight, numRows, dim);
      const [first, second] = [await embeddedOn(auto!), await embeddedOn(whole!)];
      expect(first).toEqual(second);
      const sum = t.map((row, r) => row.map((value, d) => Math.fround(value + (p?.[r]?.[d] ?? 0))));
      expect(first).toEqual(sum);
    }
  });
});

/** Numbers that bfloat16 holds. */
const roundedRows = (numRows: number, numCols: number, seed: number): number[][] =>
  someRows(numRows, numCols, seed).map((row) => [...rounded(Float32Array.from(row))]);

function rounded(values: Float32Array): Float32Array {
  const back = new Float32Array(values.length);
  decodeBfloat16(encodeBfloat16(values), back);
  return back;
}

/** One sequence in chunks of the given lengths, each a step of its own: [tokens][dim]. */
async function attendInChunks(
  runtime: Runtime,
  qkv: Rows,
  numHeads: number,
  headDim: number,
  chunks: readonly number[],
): Promise<number[][]> {
  const width = 3 * numHeads * headDim;
  const tokens = runtime.createParameter('qkv', [qkv.length, width], flat(qkv));
  const noPositions = runtime.createParameter(
    'zeros',
    [qkv.length, width],
    new Float32Array(qkv.length * width),
  );
  const cache = runtime.createKvCache({
    numLayers: 2,
    numKvHeads: numHeads,
    headDim,
    numLanes: 3,
    laneLength: qkv.length,
  });
  let start = 0;
  const rows: number[][] = [];
  for (const numRows of chunks) {
    const indices = Int32Array.from({ length: numRows }, (_, i) => start + i);
    const segments = [{ lane: 1, rowStart: 0, numRows, positionStart: start }];
    const lanes = new Int32Array(numRows).fill(1);
    const logitRows = Int32Array.from({ length: numRows }, (_, i) => i);
    const batch = {
      numRows,
      tokenIds: indices,
      positions: indices,
      lanes,
      segments,
      numLogitRows: numRows,
      logitRows,
      topRows: [],
    };
    start += numRows;
    const attended = await runtime.runStep(batch, cache, (ops) =>
      ops.attention(ops.embed(tokens, noPositions), 1, bookHeads(numHeads, headDim)),
    );
    rows.push(...attended.map((row) => [...wholeRow(row)]));
  }
  cache.dispose();
  return rows;
}

/** softmax(q k^T / sqrt(headDim)) v of each head in float64, a token seeing itself and those before: [tokens][dim]. */
function attentionByDefinition(qkv: Rows, numHeads: number, headDim: number): number[][] {
  const dim = numHeads * headDim;
  const stripe = (part: number, head: number) =>
    qkv.map((row) => row.slice(part * dim + head * headDim, part * dim + (head + 1) * headDim));
  const heads = Array.from({ length: numHeads }, (_, head) => {
    const scores = product(stripe(0, head), transposed(stripe(1, head))).map((row, query) =>
      row.map((score, key) => (key <= query ? score / Math.sqrt(headDim) : -Infinity)),
    );
    return product(softmaxRows(scores), stripe(2, head)); // [tokens][headDim]
  });
  return qkv.map((_, token) => heads.flatMap((head) => head[token] ?? []));
}
