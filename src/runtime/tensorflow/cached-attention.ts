import { assertInvariant } from '../../errors.ts';
import { qkvDim, type AttentionHeads } from '../ops.ts';
import type { StepBatch } from '../step-batch.ts';
import { PAGE_TOKENS } from '../../pages.ts';
import { numPagesOf, type PageTable } from '../runtime.ts';
import { planAttention, type AttentionPlan } from './attention-plan.ts';
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

/** Queries that attend together: some sequences, some rows of each. */
interface Group {
  numSequences: number;
  numRows: number;
  /** The pages of each block of keys. */
  blocks: readonly Block[];
  positions: Int32Array; // [sequences] or [rows], in the shape below
  shape: readonly number[]; // [sequences, 1, rows, 1]
  /** By the length of the window, 0 for none: layers share them. */
  masks: Map<number, Mask>;
}

/** A page of each sequence: of one sequence it is sliced without a copy, of several they are gathered. */
interface Block {
  pages: Int32Array; // [sequences]
  indices: TensorInfo | undefined; // [sequences], of several
}

/** The blocks that a group's queries look at, from one on, and what they may look at there. */
interface Mask {
  firstBlock: number;
  /** 0 where a key may be looked at, -infinity elsewhere: [sequences, 1, rows, keys]. */
  bias: TensorInfo;
}

/** The layers of a cache that one table says the pages of. */
interface TableOfCache {
  readonly cache: TensorflowKvCache;
  readonly table: PageTable;
}

/**
 * Causal attention over the cache by stock operations of TensorFlow. What layers of one table share in a step (masks,
 * indices) is made once; the cache is read page by page: that of a prompt without a copy, those of several sequences gathered to one
 * tensor.
 */
export class CachedAttention {
  readonly #context: EagerContext;
  readonly #operands: StepOperands;
  readonly #cache: TensorflowKvCache;
  readonly #table: PageTable;
  readonly #plan: AttentionPlan;
  readonly #cacheRows: TensorInfo; // [numRows * heads]
  readonly #resultOfRow: TensorInfo; // [rows]
  readonly #decodingRows: TensorInfo | undefined; // [sequences]
  readonly #decodes: Group | undefined;
  readonly #chunks: Group[];

  /** Made inside a step, for that step. */
  constructor(
    context: EagerContext,
    operands: StepOperands,
    batch: StepBatch,
    { cache, table }: TableOfCache,
  ) {
    this.#context = context;
    this.#operands = operands;
    this.#cache = cache;
    this.#table = table;
    const plan = planAttention(batch, cache.shape, table);
    const { decodes, chunks } = plan;
    this.#plan = plan;
    this.#cacheRows = this.#indices(plan.cacheRows);
    this.#resultOfRow = this.#indices(plan.resultOfRow);
    this.#decodingRows = decodes && this.#indices(decodes.rows);
    this.#decodes = decodes && {
      numSequences: decodes.rows.length,
      numRows: 1,
      blocks: this.#blocksOf(decodes.pages),
      positions: decodes.positions,
      shape: [decodes.rows.length, 1, 1, 1],
      masks: new Map(),
    };
    this.#chunks = chunks.map(({ numRows, positions, pages }) => ({
      numSequences: 1,
      numRows,
      blocks: this.#blocksOf(pages),
      positions,
      shape: [1, 1, numRows, 1],
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
    if (this.#decodes !== undefined && this.#decodingRows !== undefined) {
      const rows = context.run('GatherV2', GATHER, [scaled, this.#decodingRows, this.#operands.integer(0)]); // [sequences, heads * headDim]
      const queries = this.#reshape(rows, [this.#decodes.numSequences, numHeads, 1, headDim]); // [sequences, heads, 1, headDim]
      const attended = this.#attend(queries, this.#decodes, layer, heads); // [sequences, heads, 1, headDim]
      results.push(this.#reshape(attended, [this.#decodes.numSequences, numHeads * headDim])); // [sequences, heads * headDim]
      context.free(rows, attended);
    }
    this.#plan.chunks.forEach(({ rowStart }, index) => {
      const group = this.#chunks[index];
      if (group !== undefined) results.push(this.#attendChunk(scaled, rowStart, group, layer, heads)); // [numRows, heads * headDim]
    });
    const all = this.#concat(results, 0); // [sequences + chunk rows, heads * headDim]
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
   * [sequences, heads, rows, headDim] -> the same, in place of the queries. Those that share keys are rows of one product, for which keys need
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
    const blocks = group.blocks.slice(firstBlock);
    const shared = this.#shareKeys(queries, heads); // [sequences, kvHeads, group * rows, headDim]
    const scores = blocks.map((block) =>
      this.#withBlock(keys, group, block, (k) => context.run('BatchMatMulV2', SCORES, [shared, k])),
    ); // [blocks][sequences, kvHeads, group * rows, PAGE_TOKENS]
    const all = this.#byHead(this.#concat(scores, 3), heads); // [sequences, heads, rows, keys]
    const masked = context.run('AddV2', T, [all, bias]); // [sequences, heads, rows, keys]
    const softmax = context.run('Softmax', T, [masked]); // [sequences, heads, rows, keys]
    const weights = this.#shareKeys(softmax, heads); // [sequences, kvHeads, group * rows, keys]
    const axis = this.#operands.integer(3);
    const parts = context.runMany('Split', splitInto(blocks.length), [axis, weights], blocks.length);
    const mixed = parts.map((part, index) =>
      this.#withBlock(values, group, blocks[index], (v) => context.run('BatchMatMulV2', MIX, [part, v])),
    ); // [blocks][sequences, kvHeads, group * rows, headDim]
    const [first] = mixed;
    const sum =
      mixed.length === 1 && first !== undefined ? first : context.run('AddN', listOf(mixed.length), mixed); // [sequences, kvHeads, group * rows, headDim]
    context.free(shared, all, masked, weights, ...parts);
    if (mixed.length > 1) context.free(...mixed);
    return this.#byHead(sum, heads); // [sequences, heads, rows, headDim]
  }

  /** [sequences, heads, rows, cols] -> [sequences, kvHeads, group * rows, cols] in its place, where the two differ. */
  #shareKeys(byHead: TensorInfo, { numHeads, numKvHeads }: AttentionHeads): TensorInfo {
    if (numKvHeads === numHeads) return byHead;
    const [numSequences = 0, , numRows = 0, numCols = 0] = byHead.shape;
    return this.#reshaped(byHead, [numSequences, numKvHeads, (numHeads / numKvHeads) * numRows, numCols]); // [sequences, kvHeads, group * rows, cols]
  }

  /** The inverse of `#shareKeys`. */
  #byHead(shared: TensorInfo, { numHeads, numKvHeads }: AttentionHeads): TensorInfo {
    if (numKvHeads === numHeads) return shared;
    const [numSequences = 0, , numShared = 0, numCols = 0] = shared.shape;
    return this.#reshaped(shared, [numSequences, numHeads, (numShared * numKvHeads) / numHeads, numCols]); // [sequences, heads, rows, cols]
  }

  /** Gives `use` the group's keys or values of a block: [sequences, kvHeads, PAGE_TOKENS, headDim]. */
  #withBlock(
    tensor: TensorInfo,
    { numSequences }: Group,
    block: Block | undefined,
    use: (tensor: TensorInfo) => TensorInfo,
  ): TensorInfo {
    assertInvariant(block !== undefined, 'a group has pages for what it sees');
    const { numKvHeads, headDim } = this.#cache.shape;
    const numPages = numPagesOf(this.#cache.shape, this.#table);
    const pageRows = numKvHeads * PAGE_TOKENS;
    let rows: TensorInfo;
    if (block.indices === undefined) {
      rows = this.#slice(tensor, (block.pages[0] ?? 0) * pageRows, pageRows); // [kvHeads * PAGE_TOKENS, headDim]
    } else {
      const byPage = this.#reshape(tensor, [numPages, pageRows * headDim]); // [pages, kvHeads * PAGE_TOKENS * headDim]
      rows = this.#context.run('GatherV2', GATHER, [byPage, block.indices, this.#operands.integer(0)]); // [sequences, ...]
      this.#context.free(byPage);
    }
    const pages = this.#reshape(rows, [numSequences, numKvHeads, PAGE_TOKENS, headDim]);
    const output = use(pages);
    this.#context.free(rows, pages);
    return output;
  }

  #blocksOf(pages: readonly Int32Array[]): Block[] {
    return pages.map((ofBlock) => ({
      pages: ofBlock,
      indices: ofBlock.length === 1 ? undefined : this.#indices(ofBlock),
    }));
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
  #makeMask({ positions, shape, blocks }: Group, window: number): Mask {
    const context = this.#context;
    const firstKey = window === 0 ? 0 : Math.max(0, Math.min(...positions) - window + 1);
    const firstBlock = Math.floor(firstKey / PAGE_TOKENS);
    const keys = context.run('Range', RANGE, [
      this.#operands.integer(firstBlock * PAGE_TOKENS),
      this.#operands.integer(blocks.length * PAGE_TOKENS),
      this.#operands.integer(1),
    ]); // [keys]
    const [zero, hidden] = [this.#operands.float(0), this.#operands.float(-Infinity)];
    const past = context.run('LessEqual', COMPARE, [keys, context.upload(shape, positions)]); // [sequences, 1, rows, keys]
    const bias = context.run('SelectV2', T, [past, zero, hidden]); // [sequences, 1, rows, keys]
    if (window === 0) return { firstBlock, bias };
    const ends = context.upload(
      shape,
      positions.map((position) => position - window),
    ); // shape
    const near = context.run('Greater', COMPARE, [keys, ends]); // [sequences, 1, rows, keys]
    return { firstBlock, bias: context.run('SelectV2', T, [near, bias, hidden]) }; // [sequences, 1, rows, keys]
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
