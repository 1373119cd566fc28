import type { StepOperation, StepValue, RowCounts } from '../step/step-recorder.ts';
import type { Parameter } from '../ops.ts';
import type { Job, JobContext } from './job.ts';
import {
  addJobs,
  normHeadsJobs,
  embedJobs,
  gateJobs,
  geluJobs,
  layerNormJobs,
  rmsNormJobs,
  rotateJobs,
  selectRowsJobs,
} from './kernels/row-kernels.ts';
import { attentionJobs } from './kernels/attention.ts';
import { linearJobs, linearScratchBytes } from './kernels/linear.ts';
import type { StepInputs } from './step-inputs.ts';
import type { WasmHeap } from './wasm-heap.ts';
import type { WasmKvCache } from './wasm-kv-cache.ts';
import { wasmParameter } from './wasm-parameter.ts';

/** What turns operations into jobs: the rows that there are, and where everything lies. */
export interface LoweringContext extends JobContext {
  readonly counts: RowCounts;
  readonly cache: WasmKvCache;
  readonly inputs: StepInputs;
  readonly heap: WasmHeap;
  readonly addressOf: (value: StepValue) => number;
}

/** The jobs of an operation, in order. */
export function lower(operation: StepOperation, context: LoweringContext): Job[] {
  const { counts, inputs, addressOf } = context;
  const at = (parameter: Parameter): number => addressOfParameter(parameter, context);
  const { result } = operation;
  const out = addressOf(result);
  const numRows = counts[result.rows];
  const numElements = numRows * result.numCols;
  switch (operation.kind) {
    case 'embed':
      return lowerEmbed(operation, context);
    case 'linear':
      return lowerLinear(operation, context);
    case 'layerNorm': {
      const { x, gain, shift, epsilon } = operation;
      const operands = { x: addressOf(x), gain: at(gain), shift: shift ? at(shift) : 0, out };
      return layerNormJobs(operands, { numRows, dim: result.numCols, epsilon });
    }
    case 'rmsNorm': {
      const { x, gain, epsilon } = operation;
      return rmsNormJobs({ x: addressOf(x), gain: at(gain), out }, { numRows, dim: result.numCols, epsilon });
    }
    case 'normHeads': {
      const { x, norm, stripes } = operation;
      const { queryGain, keyGain, epsilon } = norm;
      const operands = { qkv: addressOf(x), queryGain: at(queryGain), keyGain: at(keyGain), out };
      return normHeadsJobs(operands, stripes, { numRows, epsilon });
    }
    case 'rotate': {
      const { x, rotation, stripes } = operation;
      const { positionIds } = inputs;
      const operands = { qkv: addressOf(x), table: at(rotation.table), positionIds, out };
      return rotateJobs(operands, stripes, { numRows, pairing: rotation.pairing });
    }
    case 'attention':
      return lowerAttention(operation, context);
    case 'gate': {
      const isGelu = operation.activation === 'gelu';
      return gateJobs({ x: addressOf(operation.x), out }, { numRows, mlpDim: result.numCols, isGelu });
    }
    case 'gelu':
      return geluJobs({ x: addressOf(operation.x), out }, numElements);
    case 'add':
      return addJobs({ x: addressOf(operation.x), y: addressOf(operation.y), out }, numElements);
    case 'selectRows': {
      const operands = { x: addressOf(operation.x), rows: inputs.logitRows, out };
      return selectRowsJobs(operands, { numRows, dim: result.numCols });
    }
  }
}

function lowerEmbed(
  { tokens, positions, scale, result }: Extract<StepOperation, { kind: 'embed' }>,
  context: LoweringContext,
): Job[] {
  const { counts, inputs, addressOf } = context;
  const operands = {
    tokens: addressOfParameter(tokens, context),
    positions: positions ? addressOfParameter(positions, context) : 0,
    tokenIds: inputs.tokenIds,
    positionIds: inputs.positionIds,
    out: addressOf(result),
  };
  const formats = {
    tokenFormat: wasmParameter(tokens).format,
    positionFormat: positions ? wasmParameter(positions).format : 0,
  };
  return embedJobs(operands, { numRows: counts.step, dim: result.numCols, scale, ...formats });
}

function lowerLinear(
  { x, weight, bias, result }: Extract<StepOperation, { kind: 'linear' }>,
  context: LoweringContext,
): Job[] {
  const { counts, numThreads, addressOf, scratch } = context;
  const { format } = wasmParameter(weight);
  const numRows = counts[result.rows];
  const shape = { numRows, depth: x.numCols, numCols: result.numCols, format, numThreads };
  return linearJobs(shape, {
    x: addressOf(x),
    weight: addressOfParameter(weight, context),
    bias: bias ? addressOfParameter(bias, context) : 0,
    out: addressOf(result),
    scratch: scratch(linearScratchBytes(shape)),
  });
}

function lowerAttention(
  { x, layerIndex, heads, result }: Extract<StepOperation, { kind: 'attention' }>,
  context: LoweringContext,
): Job[] {
  const { cache, inputs, addressOf } = context;
  const { keys, values } = cache.layerAddresses(layerIndex);
  const { paddedLaneLength: laneLength, format } = cache;
  const window = heads.window ?? laneLength;
  const operands = { qkv: addressOf(x), keys, values, tiles: inputs.tiles, out: addressOf(result) };
  return attentionJobs(operands, { ...heads, window, laneLength, format }, context);
}

function addressOfParameter(parameter: Parameter, { heap }: LoweringContext): number {
  return heap.tensorAddress(wasmParameter(parameter).tensor);
}
