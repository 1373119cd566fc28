import { assertInvariant } from '../../errors.ts';
import type { Parameter } from '../ops.ts';
import { GraphValue, type GraphOperation } from './graph-recorder.ts';

/** What is computed in one go; operations of the model that follow each other may have become one. */
export type FusedOperation =
  | Extract<GraphOperation, { kind: 'embed' | 'gelu' | 'add' | 'selectRows' }>
  | FusedLayerNorm
  | FusedLinear
  | { readonly kind: 'cacheWrite'; readonly x: GraphValue; readonly layerIndex: number }
  | {
      readonly kind: 'attention';
      /** The queries, alone or with keys and values beside them. */
      readonly x: GraphValue;
      readonly layerIndex: number;
      readonly result: GraphValue;
    };

export interface FusedLayerNorm {
  readonly kind: 'layerNorm';
  readonly x: GraphValue;
  readonly gain: Parameter;
  readonly shift: Parameter | undefined;
  readonly epsilon: number;
  readonly result: GraphValue;
}

export interface FusedLinear {
  readonly kind: 'linear';
  readonly x: GraphValue;
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly gelu: boolean;
  readonly residual: GraphValue | undefined;
  /** The layer whose cache takes the keys and values among the columns; the result is the queries. */
  readonly cacheLayer: number | undefined;
  readonly result: GraphValue;
}

/**
 * Joins operations where one alone reads what the other writes: a linear layer takes the GELU, the shortcut or the
 * cache write behind it along; a LayerNorm computes the selected rows only. An operation that became part of another
 * is computed where the last of them stood, when everything it needs is there.
 */
export function fuse(operations: readonly GraphOperation[], result: GraphValue): FusedOperation[] {
  const live = liveOperations(operations, result);
  const readers = readersOf(live);
  const absorbed = new Set<GraphOperation>();
  const fusedAt = new Map<GraphOperation, FusedOperation[]>();

  /** The one operation that reads a value, if nobody else wants it. */
  const soleReader = (value: GraphValue): GraphOperation | undefined => {
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
  parts: GraphOperation[];
  /** The last of them all. */
  last: GraphOperation;
}

type SoleReader = (value: GraphValue) => GraphOperation | undefined;

function fuseFrom(operation: GraphOperation, soleReader: SoleReader): Fusion {
  switch (operation.kind) {
    case 'linear':
      return fuseLinear(operation, soleReader);
    case 'layerNorm': {
      const reader = soleReader(operation.result);
      if (reader?.kind !== 'selectRows') return { fused: [operation], parts: [], last: operation };
      return { fused: [{ ...operation, result: reader.result }], parts: [reader], last: reader };
    }
    case 'attention': {
      const { x, layerIndex } = operation;
      return { fused: [{ kind: 'cacheWrite', x, layerIndex }, operation], parts: [], last: operation };
    }
    default:
      return { fused: [operation], parts: [], last: operation };
  }
}

function fuseLinear(operation: Extract<GraphOperation, { kind: 'linear' }>, soleReader: SoleReader): Fusion {
  const parts: GraphOperation[] = [];
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
    const residual = reader.x === fused.result ? reader.y : reader.x;
    fused = { ...fused, residual, result: reader.result };
  } else if (reader?.kind === 'attention' && parts.length === 0) {
    return fuseQkv(plain, reader);
  }
  return { fused: [fused], parts, last: parts.at(-1) ?? operation };
}

function fuseQkv(linear: FusedLinear, attention: Extract<GraphOperation, { kind: 'attention' }>): Fusion {
  const { layerIndex, result } = attention;
  const [numRows = 0] = result.shape;
  const queries = new GraphValue('step', result.numCols, numRows); // [rows, dim]
  return {
    fused: [
      { ...linear, cacheLayer: layerIndex, result: queries },
      { kind: 'attention', x: queries, layerIndex, result },
    ],
    parts: [attention],
    last: attention,
  };
}

/** What the result needs, and every attention: it writes the cache. */
function liveOperations(operations: readonly GraphOperation[], result: GraphValue): GraphOperation[] {
  const wanted = new Set<GraphValue>([result]);
  const live: GraphOperation[] = [];
  for (const operation of operations.toReversed()) {
    if (!wanted.has(operation.result) && operation.kind !== 'attention') continue;
    live.push(operation);
    for (const value of valuesRead(operation)) wanted.add(value);
  }
  const ordered = live.reverse();
  assertInvariant(
    ordered.some((operation) => operation.result === result),
    'the forward pass returns what it computed',
  );
  return ordered;
}

function readersOf(operations: readonly GraphOperation[]): Map<GraphValue, GraphOperation[]> {
  const readers = new Map<GraphValue, GraphOperation[]>();
  for (const operation of operations) {
    // A shortcut of a value to itself reads it twice.
    for (const value of valuesRead(operation)) readers.set(value, [...(readers.get(value) ?? []), operation]);
  }
  return readers;
}

/** The matrices that an operation reads. */
export function valuesRead(operation: GraphOperation | FusedOperation): GraphValue[] {
  switch (operation.kind) {
    case 'embed':
      return [];
    case 'add':
      return [operation.x, operation.y];
    case 'linear':
      return 'residual' in operation && operation.residual
        ? [operation.x, operation.residual]
        : [operation.x];
    default:
      return [operation.x];
  }
}
