import { assertInvariant } from '../../errors.ts';
import type { Parameter } from '../ops.ts';
import { type KvCacheShape, tableOf } from '../runtime.ts';
import type { Slot } from '../step/step-tables.ts';
import type { StepValue } from '../step/step-recorder.ts';
import type { Bucket } from './bucket.ts';
import type { FusedHeads, FusedLinear, FusedNorm, FusedOperation } from './fuse.ts';
import { attentionKernel } from './kernels/attention.ts';
import { cacheWriteKernel, type LayerCache } from './kernels/cache-write.ts';
import { elementwiseKernel } from './kernels/elementwise.ts';
import { embedKernel } from './kernels/embed.ts';
import { gateKernel } from './kernels/gate.ts';
import { headsKernel } from './kernels/heads.ts';
import type { Kernel } from './kernels/kernel.ts';
import { linearKernel } from './kernels/linear.ts';
import { normKernel } from './kernels/norm.ts';
import { topLogitsChunksKernel, topLogitsMergeKernel } from './kernels/top-logits.ts';
import type { WeightEncoding } from './kernels/weight-encoding.ts';

/** Rows of a matrix that share a buffer; a vector is one part. */
export interface ParameterPart {
  readonly start: number;
  readonly numRows: number;
}

/** How a parameter lies on the device. */
export interface ParameterLayout {
  readonly encoding: WeightEncoding;
  readonly parts: readonly ParameterPart[];
}

/** A buffer by what it holds; which one it is, the device side knows. */
export type BufferRef =
  | { readonly kind: 'slot'; readonly slot: Slot }
  | { readonly kind: 'parameter'; readonly parameter: Parameter; readonly part: number }
  | { readonly kind: 'keys' | 'values'; readonly layerIndex: number }
  | { readonly kind: 'topChunks' | 'topRows' };

/** A kernel and its buffers, in the order of its bindings behind the step buffer. */
export interface Dispatch {
  readonly kernel: Kernel;
  readonly buffers: readonly BufferRef[];
}

/** What turns operations into kernels: everything is known but the numbers. */
export interface LoweringContext {
  readonly bucket: Bucket;
  readonly cacheShape: KvCacheShape;
  readonly slots: ReadonlyMap<StepValue, Slot>;
  readonly layoutOf: (parameter: Parameter) => ParameterLayout;
}

/** The kernels of an operation: one, but where a matrix is too large for one buffer. */
export function lower(operation: FusedOperation, context: LoweringContext): Dispatch[] {
  const { bucket } = context;
  switch (operation.kind) {
    case 'embed':
      return lowerEmbed(operation, context);
    case 'linear':
      return lowerLinear(operation, context);
    case 'layerNorm':
    case 'rmsNorm':
      return [lowerNorm(operation, context)];
    case 'heads':
      return [lowerHeads(operation, context)];
    case 'cacheWrite': {
      const { x, layerIndex } = operation;
      const buffers = [slotOf(x, context), keys(layerIndex), values(layerIndex)];
      return [{ kernel: cacheWriteKernel(cacheOf(layerIndex, context), x.numCols, bucket.step), buffers }];
    }
    case 'attention': {
      const { x, layerIndex, heads, result } = operation;
      const kernel = attentionKernel({
        heads,
        queryCols: x.numCols,
        paddedRows: bucket.step,
        tileRows: bucket.tileRows,
        table: tableOf(context.cacheShape, layerIndex),
      });
      const buffers = [slotOf(x, context), keys(layerIndex), values(layerIndex), slotOf(result, context)];
      return [{ kernel, buffers }];
    }
    case 'gate': {
      const { x, activation, result } = operation;
      const { rows, numCols } = result;
      const kernel = gateKernel({ activation, mlpDim: numCols, rows, paddedRows: bucket[rows] });
      return [{ kernel, buffers: [slotOf(x, context), slotOf(result, context)] }];
    }
    case 'gelu':
    case 'add':
    case 'selectRows': {
      const { result } = operation;
      const name = operation.kind === 'selectRows' ? 'select-rows' : operation.kind;
      const { rows, numCols } = result;
      const kernel = elementwiseKernel(name, { numCols, rows, paddedRows: bucket[rows] });
      const inputs = operation.kind === 'add' ? [operation.x, operation.y] : [operation.x];
      return [{ kernel, buffers: [...inputs, result].map((value) => slotOf(value, context)) }];
    }
  }
}

/** The most probable tokens of rows of logits, in two passes. */
export function lowerTopLogits(logits: StepValue, context: LoweringContext): Dispatch[] {
  const dimensions = { numCols: logits.numCols, paddedRows: context.bucket.logit };
  return [
    {
      kernel: topLogitsChunksKernel(dimensions),
      buffers: [slotOf(logits, context), { kind: 'topChunks' }],
    },
    { kernel: topLogitsMergeKernel(dimensions), buffers: [{ kind: 'topChunks' }, { kind: 'topRows' }] },
  ];
}

/** One kernel for each part of the tokens, or pair of parts where there are positions: it computes the rows whose token and position lie there. */
function lowerEmbed(
  { tokens, positions, scale, result }: Extract<FusedOperation, { kind: 'embed' }>,
  context: LoweringContext,
): Dispatch[] {
  return embeddingParts(tokens, context).flatMap((tokenPart) =>
    (positions ? embeddingParts(positions, context) : [undefined]).map((positionPart) => ({
      kernel: embedKernel({
        dim: result.numCols,
        paddedRows: context.bucket.step,
        tokens: tokenPart.rows,
        positions: positionPart?.rows,
        scale,
      }),
      buffers: [tokenPart.buffer, ...(positionPart ? [positionPart.buffer] : []), slotOf(result, context)],
    })),
  );
}

function embeddingParts(table: Parameter, { layoutOf }: LoweringContext) {
  const { encoding, parts } = layoutOf(table);
  return parts.map((rows, index) => ({ rows: { ...rows, encoding }, buffer: part(table, index) }));
}

/** One kernel for each part: it computes the columns whose weights lie there. */
function lowerLinear(operation: FusedLinear, context: LoweringContext): Dispatch[] {
  const { x, weight, bias, gelu, residual, cacheLayer, result } = operation;
  const { encoding, parts } = context.layoutOf(weight);
  const [outDim = 0, inDim = 0] = weight.shape;
  return parts.map(({ start, numRows }, index) => ({
    kernel: linearKernel({
      inDim,
      outDim,
      colStart: start,
      numCols: numRows,
      rows: x.rows,
      paddedRows: context.bucket[x.rows],
      encoding,
      hasBias: bias !== undefined,
      gelu,
      hasResidual: residual !== undefined,
      cache: cacheLayer === undefined ? undefined : cacheOf(cacheLayer, context),
    }),
    buffers: [
      slotOf(x, context),
      part(weight, index),
      ...(bias ? [part(bias, 0)] : []),
      ...(residual ? [slotOf(residual, context)] : []),
      slotOf(result, context),
      ...(cacheLayer === undefined ? [] : [keys(cacheLayer), values(cacheLayer)]),
    ],
  }));
}

function lowerNorm(operation: FusedNorm, context: LoweringContext): Dispatch {
  const { kind, x, gain, shift, epsilon, residual, result } = operation;
  return {
    kernel: normKernel({
      name: kind === 'layerNorm' ? 'layer-norm' : 'rms-norm',
      dim: x.numCols,
      rows: result.rows,
      paddedRows: context.bucket[result.rows],
      selects: result.rows !== x.rows,
      hasShift: shift !== undefined,
      hasResidual: residual !== undefined,
      epsilon,
    }),
    buffers: [
      slotOf(x, context),
      part(gain, 0),
      ...(shift ? [part(shift, 0)] : []),
      ...(residual ? [slotOf(residual, context)] : []),
      slotOf(result, context),
    ],
  };
}

function lowerHeads(operation: FusedHeads, context: LoweringContext): Dispatch {
  const { x, stripes, norm, rotation, cacheLayer, result } = operation;
  return {
    kernel: headsKernel({
      stripes,
      paddedRows: context.bucket.step,
      epsilon: norm?.epsilon,
      pairing: rotation?.pairing,
      cache: cacheLayer === undefined ? undefined : cacheOf(cacheLayer, context),
    }),
    buffers: [
      slotOf(x, context),
      ...(norm ? [part(norm.queryGain, 0), part(norm.keyGain, 0)] : []),
      ...(rotation ? [part(rotation.table, 0)] : []),
      slotOf(result, context),
      ...(cacheLayer === undefined ? [] : [keys(cacheLayer), values(cacheLayer)]),
    ],
  };
}

const cacheOf = (layerIndex: number, { cacheShape }: LoweringContext): LayerCache => ({
  ...cacheShape,
  table: tableOf(cacheShape, layerIndex),
});

function slotOf(value: StepValue, { slots }: LoweringContext): BufferRef {
  const slot = slots.get(value);
  assertInvariant(slot, 'every matrix has a place');
  return { kind: 'slot', slot };
}

const part = (parameter: Parameter, index: number): BufferRef => ({
  kind: 'parameter',
  parameter,
  part: index,
});

const keys = (layerIndex: number): BufferRef => ({ kind: 'keys', layerIndex });
const values = (layerIndex: number): BufferRef => ({ kind: 'values', layerIndex });
