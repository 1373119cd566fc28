import { assertInvariant } from '../../errors.ts';
import { qkvDim, type AttentionHeads } from '../ops.ts';
import type { StepBatch } from '../step-batch.ts';
import { BLOCK_LENGTH, planAttention, type AttentionPlan } from './attention-plan.ts';
import type { EagerContext } from './eager-context.ts';
import { once } from './once.ts';
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
  positions: Int32Array; // [lanes] or [rows], in the shape below
  shape: readonly number[]; // [lanes, 1, rows, 1]
  /** By the length of the window, 0 for none: layers share them. */
  masks: Map<number, Mask>;
}

/** The blocks that a group's queries look at, from one on, and what they may look at there. */
interface Mask {
  firstBlock: number;
  /** 0 where a key may be looked at, -infinity elsewhere: [lanes, 1, rows, keys]. */
  bias: TensorInfo;
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
      shape: [decodes.numLanes, 1, 1, 1],
      masks: new Map(),
    };
    this.#chunks = chunks.map((chunk) => ({
      ...chunk,
      laneStart: chunk.lane,
      numLanes: 1,
      shape: [1, 1, chunk.numRows, 1],
      masks: new Map(),
    }));
  }

  /** One layer: [rows, (numHeads + 2 numKvHeads) * headDim] -> [rows, numHeads * headDim]. */
  run(qkv: TensorInfo, layerIndex: number, heads: AttentionHeads): TensorInfo {
    const context = this.#context;
    const { numHeads, headDim } = heads;
    const { q, k, v } = this.#splitQkv(qkv, heads);
    const layer = this.#cache.layer(layerIndex);
    this.#write(layer.keys, k);
    this.#write(layer.values, v);
    const scaled = context.run('Mul', T, [q, this.#operands.float(heads.scale)]); // [rows, heads * headDim]
    const results: TensorInfo[] = [];
    if (this.#decodes !== undefined && this.#rowOfLane !== undefined) {
      const rows = context.run('GatherV2', GATHER, [scaled, this.#rowOfLane, this.#operands.integer(0)]); // [lanes, heads * headDim]
      const queries = this.#reshape(rows, [this.#decodes.numLanes, numHeads, 1, headDim]); // [lanes, heads, 1, headDim]
      const attended = this.#attend(queries, this.#decodes, layer, heads); // [lanes, heads, 1, headDim]
      results.push(this.#reshape(attended, [this.#decodes.numLanes, numHeads * headDim])); // [lanes, heads * headDim]
      context.free(rows, attended);
    }
    this.#plan.chunks.forEach(({ rowStart }, index) => {
      const group = this.#chunks[index];
      if (group !== undefined) results.push(this.#attendChunk(scaled, rowStart, group, layer, heads)); // [numRows, heads * headDim]
    });
    const all = this.#concat(results, 0); // [lanes + chunk rows, heads * headDim]
    const output = context.run('GatherV2', GATHER, [all, this.#resultOfRow, this.#operands.integer(0)]); // [rows, heads * headDim]
    context.free(q, k, v, scaled, all);
    return output;
  }

  #splitQkv(qkv: TensorInfo, heads: AttentionHeads): { q: TensorInfo; k: TensorInfo; v: TensorInfo } {
    const { numHeads, numKvHeads, headDim } = heads;
    assertInvariant(qkv.shape[1] === qkvDim(heads), 'queries, keys and values lie side by side');
    const kvDim = numKvHeads * headDim;
    const sizes = this.#operands.vector([numHeads * headDim, kvDim, kvDim]);
    const [q, k, v] = this.#context.runMany('SplitV', SPLIT_QKV, [qkv, sizes, this.#operands.integer(1)], 3);
    assertInvariant(q && k && v, 'a split into three has three parts');
    return { q, k, v };
  }

  /** The rows of one prefill chunk: [rows, heads * headDim] -> [numRows, heads * headDim]. */
  #attendChunk(
    scaled: TensorInfo,
    rowStart: number,
    group: Group,
    layer: CacheLayer,
    heads: AttentionHeads,
  ): TensorInfo {
    const context = this.#context;
    const { numHeads, headDim } = heads;
    const { numRows } = group;
    const rows = this.#slice(scaled, rowStart, numRows); // [numRows, heads * headDim]
    const striped = this.#reshape(rows, [1, numRows, numHeads, headDim]); // [1, numRows, heads, headDim]
    const swap = this.#operands.vector([0, 2, 1, 3]);
    const queries = context.run('Transpose', TRANSPOSE, [striped, swap]); // [1, heads, numRows, headDim]
    const attended = this.#attend(queries, group, layer, heads); // [1, heads, numRows, headDim]
    const byRow = context.run('Transpose', TRANSPOSE, [attended, swap]); // [1, numRows, heads, headDim]
    const output = this.#reshape(byRow, [numRows, numHeads * headDim]); // [numRows, heads * headDim]
    context.free(rows, striped, attended, byRow);
    return output;
  }

  /**
   * [lanes, heads, rows, headDim] -> the same, in place of the queries. Those that share keys are rows of one product, for which keys need
   * not be repeated; masks and softmax are by head.
   */
  #attend(
    queries: TensorInfo,
    group: Group,
    { keys, values }: CacheLayer,
    heads: AttentionHeads,
  ): TensorInfo {
    const context = this.#context;
    const { firstBlock, bias } = this.#maskOf(group, heads.window);
    const blocks = Array.from({ length: group.numBlocks - firstBlock }, (_, index) => firstBlock + index);
    const shared = this.#shareKeys(queries, heads); // [lanes, kvHeads, group * rows, headDim]
    const scores = blocks.map((block) =>
      this.#withBlock(keys, group, block, (k) => context.run('BatchMatMulV2', SCORES, [shared, k])),
    ); // [blocks][lanes, kvHeads, group * rows, BLOCK_LENGTH]
    const all = this.#byHead(this.#concat(scores, 3), heads); // [lanes, heads, rows, keys]
    const masked = context.run('AddV2', T, [all, bias]); // [lanes, heads, rows, keys]
    const softmax = context.run('Softmax', T, [masked]); // [lanes, heads, rows, keys]
    const weights = this.#shareKeys(softmax, heads); // [lanes, kvHeads, group * rows, keys]
    const axis = this.#operands.integer(3);
    const parts = context.runMany('Split', splitInto(blocks.length), [axis, weights], blocks.length);
    const mixed = parts.map((part, index) =>
      this.#withBlock(values, group, firstBlock + index, (v) => context.run('BatchMatMulV2', MIX, [part, v])),
    ); // [blocks][lanes, kvHeads, group * rows, headDim]
    const [first] = mixed;
    const sum =
      mixed.length === 1 && first !== undefined ? first : context.run('AddN', listOf(mixed.length), mixed); // [lanes, kvHeads, group * rows, headDim]
    context.free(shared, all, masked, weights, ...parts);
    if (mixed.length > 1) context.free(...mixed);
    return this.#byHead(sum, heads); // [lanes, heads, rows, headDim]
  }

  /** [lanes, heads, rows, cols] -> [lanes, kvHeads, group * rows, cols] in its place, where the two differ. */
  #shareKeys(byHead: TensorInfo, { numHeads, numKvHeads }: AttentionHeads): TensorInfo {
    if (numKvHeads === numHeads) return byHead;
    const [numLanes = 0, , numRows = 0, numCols = 0] = byHead.shape;
    return this.#reshaped(byHead, [numLanes, numKvHeads, (numHeads / numKvHeads) * numRows, numCols]); // [lanes, kvHeads, group * rows, cols]
  }

  /** The inverse of `#shareKeys`. */
  #byHead(shared: TensorInfo, { numHeads, numKvHeads }: AttentionHeads): TensorInfo {
    if (numKvHeads === numHeads) return shared;
    const [numLanes = 0, , numShared = 0, numCols = 0] = shared.shape;
    return this.#reshaped(shared, [numLanes, numHeads, (numShared * numKvHeads) / numHeads, numCols]); // [lanes, heads, rows, cols]
  }

  /** Gives `use` the group's lanes of a block, [lanes, kvHeads, BLOCK_LENGTH, headDim], without copying them. */
  #withBlock(
    tensor: TensorInfo,
    group: Group,
    block: number,
    use: (tensor: TensorInfo) => TensorInfo,
  ): TensorInfo {
    const { numLanes, numKvHeads, headDim } = this.#cache.shape;
    const laneRows = numKvHeads * BLOCK_LENGTH;
    const start = (block * numLanes + group.laneStart) * laneRows;
    const rows = this.#slice(tensor, start, group.numLanes * laneRows); // [lanes * kvHeads * BLOCK_LENGTH, headDim]
    const lanes = this.#reshape(rows, [group.numLanes, numKvHeads, BLOCK_LENGTH, headDim]);
    const output = use(lanes);
    this.#context.free(rows, lanes);
    return output;
  }

  /** Writes the real rows of [rows, kvHeads * headDim] into the cache. */
  #write(target: TensorInfo, rows: TensorInfo): void {
    const context = this.#context;
    const { numKvHeads, headDim } = this.#cache.shape;
    const numRows = this.#plan.cacheRows.length / numKvHeads;
    const real = this.#slice(rows, 0, numRows); // [numRows, kvHeads * headDim]
    const heads = this.#reshape(real, [numRows * numKvHeads, headDim]); // [numRows * kvHeads, headDim]
    context.free(context.run('InplaceUpdate', T, [target, this.#cacheRows, heads]), real, heads);
  }

  #maskOf(group: Group, window = 0): Mask {
    let mask = group.masks.get(window);
    if (mask === undefined) group.masks.set(window, (mask = this.#makeMask(group, window)));
    return mask;
  }

  /** 0 for keys up to and including a query's position that lie in its window, -infinity elsewhere. */
  #makeMask({ positions, shape, numBlocks }: Group, window: number): Mask {
    const context = this.#context;
    const firstKey = window === 0 ? 0 : Math.max(0, Math.min(...positions) - window + 1);
    const firstBlock = Math.floor(firstKey / BLOCK_LENGTH);
    const keys = context.run('Range', RANGE, [
      this.#operands.integer(firstBlock * BLOCK_LENGTH),
      this.#operands.integer(numBlocks * BLOCK_LENGTH),
      this.#operands.integer(1),
    ]); // [keys]
    const [zero, hidden] = [this.#operands.float(0), this.#operands.float(-Infinity)];
    const past = context.run('LessEqual', COMPARE, [keys, context.upload(shape, positions)]); // [lanes, 1, rows, keys]
    const bias = context.run('SelectV2', T, [past, zero, hidden]); // [lanes, 1, rows, keys]
    if (window === 0) return { firstBlock, bias };
    const ends = context.upload(
      shape,
      positions.map((position) => position - window),
    ); // shape
    const near = context.run('Greater', COMPARE, [keys, ends]); // [lanes, 1, rows, keys]
    return { firstBlock, bias: context.run('SelectV2', T, [near, bias, hidden]) }; // [lanes, 1, rows, keys]
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

  /** In place of the tensor. */
  #reshaped(tensor: TensorInfo, shape: readonly number[]): TensorInfo {
    const reshaped = this.#reshape(tensor, shape); // shape
    this.#context.free(tensor);
    return reshaped;
  }

  #indices(values: Int32Array): TensorInfo {
    return this.#context.upload([values.length], values); // [values]
  }
}

interface CacheLayer {
  keys: TensorInfo;
  values: TensorInfo;
}

const SPLIT_QKV = { ...T, Tlen: { type: INT32 }, num_split: 3 } as const;
const splitInto = once((count: number) => ({ ...T, num_split: count }));
const listOf = once((count: number) => ({ ...T, N: count }));
const concatOf = once((count: number) => ({ ...T, Tidx: { type: INT32 } as const, N: count }));
