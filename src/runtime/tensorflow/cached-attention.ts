import type { StepBatch } from '../step-batch.ts';
import { BLOCK_LENGTH, planAttention, type AttentionPlan } from './attention-plan.ts';
import type { EagerContext } from './eager-context.ts';
import type { StepOperands } from './step-operands.ts';
import { FLOAT, INT32, type TensorInfo } from './tensorflow-binding.ts';
import type { TensorflowKvCache } from './tensorflow-kv-cache.ts';

const T = { T: { type: FLOAT } } as const;
const RESHAPE = { ...T, Tshape: { type: INT32 } } as const;
const SLICE = { ...T, Index: { type: INT32 } } as const;
const GATHER = { Tparams: { type: FLOAT }, Tindices: { type: INT32 }, Taxis: { type: INT32 } } as const;
const TRANSPOSE = { ...T, Tperm: { type: INT32 } } as const;
const SCORES = { ...T, adj_y: true } as const;
const MIX = { ...T, adj_y: false } as const;
const RANGE = { Tidx: { type: INT32 } } as const;
const COMPARE = { T: { type: INT32 } } as const;

/** Queries that attend together: some lanes, some rows a lane. */
interface Group {
  laneStart: number;
  numLanes: number;
  numRows: number;
  numBlocks: number;
  /** 0 where a key may be looked at, -infinity elsewhere: [lanes, 1, rows, keys]. */
  mask: TensorInfo;
}

/**
 * Causal attention over the cache by stock operations of TensorFlow. What a step's layers share (masks, indices) is
 * made once; the cache is read block by block through slices that copy nothing.
 */
export class CachedAttention {
  readonly #context: EagerContext;
  readonly #operands: StepOperands;
  readonly #cache: TensorflowKvCache;
  readonly #plan: AttentionPlan;
  readonly #cacheRows: TensorInfo; // [numRows * heads]
  readonly #resultOfRow: TensorInfo; // [rows]
  readonly #rowOfLane: TensorInfo | undefined; // [lanes]
  readonly #decodes: Group | undefined;
  readonly #chunks: Group[];

  /** Made inside a step, for that step. */
  constructor(context: EagerContext, operands: StepOperands, batch: StepBatch, cache: TensorflowKvCache) {
    this.#context = context;
    this.#operands = operands;
    this.#cache = cache;
    const plan = planAttention(batch, cache.shape);
    const { decodes, chunks } = plan;
    this.#plan = plan;
    this.#cacheRows = this.#indices(plan.cacheRows);
    this.#resultOfRow = this.#indices(plan.resultOfRow);
    this.#rowOfLane = decodes && this.#indices(decodes.rowOfLane);
    this.#decodes = decodes && {
      ...decodes,
      numRows: 1,
      mask: this.#mask(decodes.positions, [decodes.numLanes, 1, 1, 1], decodes.numBlocks),
    };
    this.#chunks = chunks.map(({ lane, numRows, numBlocks, positions }) => ({
      laneStart: lane,
      numLanes: 1,
      numRows,
      numBlocks,
      mask: this.#mask(positions, [1, 1, numRows, 1], numBlocks),
    }));
  }

  /** One layer: [rows, 3 * dim] -> [rows, dim]. */
  run(qkv: TensorInfo, layerIndex: number): TensorInfo {
    const context = this.#context;
    const { numKvHeads: numHeads, headDim } = this.#cache.shape;
    const axis = this.#operands.integer(1);
    const [q, k, v] = context.runMany('Split', SPLIT_QKV, [axis, qkv], 3) as [
      TensorInfo,
      TensorInfo,
      TensorInfo,
    ];
    const { keys, values } = this.#cache.layer(layerIndex);
    this.#write(keys, k);
    this.#write(values, v);
    const scaled = context.run('Mul', T, [q, this.#scale()]); // [rows, dim]
    const results: TensorInfo[] = [];
    if (this.#decodes !== undefined && this.#rowOfLane !== undefined) {
      const rows = context.run('GatherV2', GATHER, [scaled, this.#rowOfLane, this.#operands.integer(0)]); // [lanes, dim]
      const queries = this.#reshape(rows, [this.#decodes.numLanes, numHeads, 1, headDim]); // [lanes, heads, 1, headDim]
      const attended = this.#attend(queries, this.#decodes, keys, values); // [lanes, heads, 1, headDim]
      results.push(this.#reshape(attended, [this.#decodes.numLanes, numHeads * headDim])); // [lanes, dim]
      context.free(rows, queries, attended);
    }
    this.#plan.chunks.forEach(({ rowStart }, index) => {
      const group = this.#chunks[index];
      if (group !== undefined) results.push(this.#attendChunk(scaled, rowStart, group, keys, values)); // [numRows, dim]
    });
    const all = this.#concat(results, 0); // [lanes + chunk rows, dim]
    const output = context.run('GatherV2', GATHER, [all, this.#resultOfRow, this.#operands.integer(0)]); // [rows, dim]
    context.free(q, k, v, scaled, all);
    return output;
  }

  /** The rows of one prefill chunk: [rows, dim] -> [numRows, dim]. */
  #attendChunk(
    scaled: TensorInfo,
    rowStart: number,
    group: Group,
    keys: TensorInfo,
    values: TensorInfo,
  ): TensorInfo {
    const context = this.#context;
    const { numKvHeads: numHeads, headDim } = this.#cache.shape;
    const { numRows } = group;
    const rows = this.#slice(scaled, rowStart, numRows); // [numRows, dim]
    const striped = this.#reshape(rows, [1, numRows, numHeads, headDim]); // [1, numRows, heads, headDim]
    const swap = this.#operands.vector([0, 2, 1, 3]);
    const queries = context.run('Transpose', TRANSPOSE, [striped, swap]); // [1, heads, numRows, headDim]
    const attended = this.#attend(queries, group, keys, values); // [1, heads, numRows, headDim]
    const byRow = context.run('Transpose', TRANSPOSE, [attended, swap]); // [1, numRows, heads, headDim]
    const output = this.#reshape(byRow, [numRows, numHeads * headDim]); // [numRows, dim]
    context.free(rows, striped, queries, attended, byRow);
    return output;
  }

  /** [lanes, heads, rows, headDim] -> the same. */
  #attend(queries: TensorInfo, group: Group, keys: TensorInfo, values: TensorInfo): TensorInfo {
    const context = this.#context;
    const blocks = Array.from({ length: group.numBlocks }, (_, block) => block);
    const scores = blocks.map((block) =>
      this.#withBlock(keys, group, block, (k) => context.run('BatchMatMulV2', SCORES, [queries, k])),
    ); // [blocks][lanes, heads, rows, BLOCK_LENGTH]
    const all = this.#concat(scores, 3); // [lanes, heads, rows, keys]
    const masked = context.run('AddV2', T, [all, group.mask]); // [lanes, heads, rows, keys]
    const weights = context.run('Softmax', T, [masked]); // [lanes, heads, rows, keys]
    const parts = context.runMany(
      'Split',
      splitInto(group.numBlocks),
      [this.#operands.integer(3), weights],
      group.numBlocks,
    );
    const mixed = parts.map((part, block) =>
      this.#withBlock(values, group, block, (v) => context.run('BatchMatMulV2', MIX, [part, v])),
    ); // [blocks][lanes, heads, rows, headDim]
    const [first] = mixed;
    const output =
      mixed.length === 1 && first !== undefined ? first : context.run('AddN', listOf(mixed.length), mixed); // [lanes, heads, rows, headDim]
    context.free(all, masked, weights, ...parts);
    if (mixed.length > 1) context.free(...mixed);
    return output;
  }

  /** Gives `use` the group's lanes of a block, [lanes, heads, BLOCK_LENGTH, headDim], without copying them. */
  #withBlock(
    tensor: TensorInfo,
    group: Group,
    block: number,
    use: (tensor: TensorInfo) => TensorInfo,
  ): TensorInfo {
    const { numLanes, numKvHeads: numHeads, headDim } = this.#cache.shape;
    const laneRows = numHeads * BLOCK_LENGTH;
    const start = (block * numLanes + group.laneStart) * laneRows;
    const rows = this.#slice(tensor, start, group.numLanes * laneRows); // [lanes * heads * BLOCK_LENGTH, headDim]
    const lanes = this.#reshape(rows, [group.numLanes, numHeads, BLOCK_LENGTH, headDim]);
    const output = use(lanes);
    this.#context.free(rows, lanes);
    return output;
  }

  /** Writes the real rows of [rows, dim] into the cache. */
  #write(target: TensorInfo, rows: TensorInfo): void {
    const context = this.#context;
    const { numKvHeads: numHeads, headDim } = this.#cache.shape;
    const numRows = this.#plan.cacheRows.length / numHeads;
    const real = this.#slice(rows, 0, numRows); // [numRows, dim]
    const heads = this.#reshape(real, [numRows * numHeads, headDim]); // [numRows * heads, headDim]
    context.free(context.run('InplaceUpdate', T, [target, this.#cacheRows, heads]), real, heads);
  }

  /** 0 for keys up to and including a query's position, -infinity beyond: [..., keys] for positions as `shape`. */
  #mask(positions: Int32Array, shape: readonly number[], numBlocks: number): TensorInfo {
    const context = this.#context;
    const limits = context.upload(shape, positions); // shape
    const keys = context.run('Range', RANGE, [
      this.#operands.integer(0),
      this.#operands.integer(numBlocks * BLOCK_LENGTH),
      this.#operands.integer(1),
    ]); // [keys]
    const visible = context.run('LessEqual', COMPARE, [keys, limits]); // [..., keys]
    return context.run('SelectV2', T, [visible, this.#operands.float(0), this.#operands.float(-Infinity)]); // [..., keys]
  }

  #concat(tensors: TensorInfo[], axis: number): TensorInfo {
    const [first] = tensors;
    if (first !== undefined && tensors.length === 1) return first;
    const whole = this.#context.run('ConcatV2', concatOf(tensors.length), [
      ...tensors,
      this.#operands.integer(axis),
    ]);
    this.#context.free(...tensors);
    return whole;
  }

  #slice(tensor: TensorInfo, start: number, numRows: number): TensorInfo {
    const numCols = tensor.shape[1] ?? 1;
    const begin = this.#operands.vector([start, 0]);
    return this.#context.run('Slice', SLICE, [tensor, begin, this.#operands.vector([numRows, numCols])]); // [numRows, numCols]
  }

  #reshape(tensor: TensorInfo, shape: readonly number[]): TensorInfo {
    return this.#context.run('Reshape', RESHAPE, [tensor, this.#operands.vector(shape)]); // shape
  }

  #scale(): TensorInfo {
    return this.#operands.float(1 / Math.sqrt(this.#cache.shape.headDim));
  }

  #indices(values: Int32Array): TensorInfo {
    return this.#context.upload([values.length], values); // [values]
  }
}

const SPLIT_QKV = { ...T, num_split: 3 } as const;

/** Attributes that differ by a count alone, made once for each. */
function byCount<A>(make: (count: number) => A): (count: number) => A {
  const made = new Map<number, A>();
  return (count) => {
    let attributes = made.get(count);
    if (attributes === undefined) made.set(count, (attributes = make(count)));
    return attributes;
  };
}

const splitInto = byCount((count) => ({ ...T, num_split: count }));
const listOf = byCount((count) => ({ ...T, N: count }));
const concatOf = byCount((count) => ({ ...T, Tidx: { type: INT32 } as const, N: count }));
