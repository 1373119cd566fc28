import type { AttentionHeads, HeadStripes, Parameter, Rotation } from '../ops.ts';
import { StepValue, type StepOperation, type HeadNorm } from '../step/step-recorder.ts';
import { liveOperations, operandsOf } from '../step/live-operations.ts';

/** What is computed in one go; operations of the model that follow each other may have become one. */
export type FusedOperation =
  | Extract<StepOperation, { kind: 'embed' | 'gelu' | 'gate' | 'add' | 'selectRows' }>
  | FusedNorm
  | FusedLinear
  | FusedHeads
  | { readonly kind: 'cacheWrite'; readonly x: StepValue; readonly layerIndex: number }
  | {
      readonly kind: 'attention';
      /** The queries, alone or with keys and values beside them. */
      readonly x: StepValue;
      readonly layerIndex: number;
      readonly heads: AttentionHeads;
      readonly result: StepValue;
    };

export interface FusedNorm {
  readonly kind: 'layerNorm' | 'rmsNorm';
  readonly x: StepValue;
  readonly gain: Parameter;
  readonly shift: Parameter | undefined;
  readonly epsilon: number;
  readonly residual: StepValue | undefined;
  /** All rows, or those whose logits are wanted. */
  readonly result: StepValue;
}

/** What happens to heads between a product and attention. */
export interface FusedHeads {
  readonly kind: 'heads';
  readonly x: StepValue;
  readonly stripes: HeadStripes;
  readonly norm: HeadNorm | undefined;
  readonly rotation: Rotation | undefined;
  /** The layer whose cache takes the keys and values; the result is the queries. */
  readonly cacheLayer: number | undefined;
  readonly result: StepValue;
}

export interface FusedLinear {
  readonly kind: 'linear';
  readonly x: StepValue;
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly gelu: boolean;
  readonly residual: StepValue | undefined;
  /** The layer whose cache takes the keys and values among the columns; the result is the queries. */
  readonly cacheLayer: number | undefined;
  readonly result: StepValue;
}

/**
 * Joins operations where one alone reads what the other writes: a linear layer takes the GELU, the shortcut or the
 * cache write behind it along; the norm and the rotation of heads are one with the cache write; a norm takes the
 * shortcut along, or computes the selected rows only. An operation that became part of another is computed where the
 * last of them stood, when everything it needs is there.
 */
export function fuse(operations: readonly StepOperation[], result: StepValue): FusedOperation[] {
  const live = liveOperations(operations, result);
  const readers = readersOf(live);
  const absorbed = new Set<StepOperation>();
  const fusedAt = new Map<StepOperation, FusedOperation[]>();

  /** The one operation that reads a value, if there is just one. */
  const soleReader = (value: StepValue): StepOperation | undefined => {
    const [reader, ...others] = readers.get(value) ?? [];
    return value === result || others.length > 0 || reader === undefined || absorbed.has(reader)
      ? undefined
      : reader;
  };

  for (const operation of live) {
    if (absorbed.has(operation)) continue;
    const { fused, last, parts } = fuseFrom(operation, soleReader);
    for (const part of parts) absorbed.add(part);
    fusedAt.set(last, fused);
  }
  return live.flatMap((operation) => fusedAt.get(operation) ?? []);
}

interface Fusion {
  fused: FusedOperation[];
  /** Beside the first, those that became part of it. */
  parts: StepOperation[];
  /** The last of them all. */
  last: StepOperation;
}

type Attention = Extract<StepOperation, { kind: 'attention' }>;

type SoleReader = (value: StepValue) => StepOperation | undefined;

function fuseFrom(operation: StepOperation, soleReader: SoleReader): Fusion {
  switch (operation.kind) {
    case 'linear':
      return fuseLinear(operation, soleReader);
    case 'layerNorm':
    case 'rmsNorm':
      return fuseNorm({ ...operation, residual: undefined }, operation, soleReader);
    case 'normHeads':
    case 'rotate':
      return fuseHeads(operation, soleReader);
    case 'attention': {
      const { x, layerIndex } = operation;
      return { fused: [{ kind: 'cacheWrite', x, layerIndex }, operation], parts: [], last: operation };
    }
    default:
      return { fused: [operation], parts: [], last: operation };
  }
}

function fuseLinear(operation: Extract<StepOperation, { kind: 'linear' }>, soleReader: SoleReader): Fusion {
  const parts: StepOperation[] = [];
  const plain = { ...operation, gelu: false, residual: undefined, cacheLayer: undefined };
  let fused: FusedLinear = plain;
  const gelu = soleReader(fused.result);
  if (gelu?.kind === 'gelu') {
    parts.push(gelu);
    fused = { ...fused, gelu: true, result: gelu.result };
  }
  const reader = soleReader(fused.result);
  if (reader?.kind === 'add') {
    parts.push(reader);
    fused = { ...fused, residual: otherOf(reader, fused.result), result: reader.result };
  } else if (reader?.kind === 'attention' && parts.length === 0) {
    return fuseQkv(plain, reader);
  }
  return { fused: [fused], parts, last: parts.at(-1) ?? operation };
}

function fuseQkv(linear: FusedLinear, attention: Attention): Fusion {
  const { layerIndex } = attention;
  const queries = queriesOf(attention);
  return {
    fused: [
      { ...linear, cacheLayer: layerIndex, result: queries },
      { ...attention, x: queries },
    ],
    parts: [attention],
    last: attention,
  };
}

function fuseNorm(norm: FusedNorm, operation: StepOperation, soleReader: SoleReader): Fusion {
  const reader = soleReader(norm.result);
  if (reader?.kind === 'selectRows') {
    return { fused: [{ ...norm, result: reader.result }], parts: [reader], last: reader };
  }
  if (reader?.kind === 'add') {
    const residual = otherOf(reader, norm.result);
    return { fused: [{ ...norm, residual, result: reader.result }], parts: [reader], last: reader };
  }
  return { fused: [norm], parts: [], last: operation };
}

function fuseHeads(
  first: Extract<StepOperation, { kind: 'normHeads' | 'rotate' }>,
  soleReader: SoleReader,
): Fusion {
  const parts: StepOperation[] = [];
  const norm = first.kind === 'normHeads' ? first.norm : undefined;
  let last = first;
  if (first.kind === 'normHeads') {
    const rotate = soleReader(first.result);
    if (rotate?.kind === 'rotate') {
      parts.push(rotate);
      last = rotate;
    }
  }
  const rotation = last.kind === 'rotate' ? last.rotation : undefined;
  const { x, stripes } = first;
  const fused = { kind: 'heads', x, stripes, norm, rotation } as const;
  const attention = soleReader(last.result);
  if (attention?.kind !== 'attention') {
    return { fused: [{ ...fused, cacheLayer: undefined, result: last.result }], parts, last };
  }
  const queries = queriesOf(attention);
  return {
    fused: [
      { ...fused, cacheLayer: attention.layerIndex, result: queries },
      { ...attention, x: queries },
    ],
    parts: [...parts, attention],
    last: attention,
  };
}

/** The queries alone, once keys and values are in the cache: [rows, heads * headDim], as what attends. */
function queriesOf({ result }: Attention): StepValue {
  return new StepValue('step', result.numCols, result.shape[0] ?? 0); // [rows, heads * headDim]
}

/** What a shortcut adds to that value. */
const otherOf = ({ x, y }: Extract<StepOperation, { kind: 'add' }>, value: StepValue): StepValue =>
  x === value ? y : x;

function readersOf(operations: readonly StepOperation[]): Map<StepValue, StepOperation[]> {
  const readers = new Map<StepValue, StepOperation[]>();
  for (const operation of operations) {
    // A shortcut of a value to itself reads it twice.
    for (const value of operandsOf(operation)) readers.set(value, [...(readers.get(value) ?? []), operation]);
  }
  return readers;
}

/** The matrices that a fused operation reads. */
export function valuesRead(operation: FusedOperation): StepValue[] {
  switch (operation.kind) {
    case 'embed':
      return [];
    case 'add':
      return [operation.x, operation.y];
    case 'linear':
    case 'layerNorm':
    case 'rmsNorm':
      return operation.residual ? [operation.x, operation.residual] : [operation.x];
    default:
      return [operation.x];
  }
}
