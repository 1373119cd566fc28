import { assertInvariant } from '../../errors.ts';
import type { GraphOperation, GraphValue } from './graph-recorder.ts';

/** The matrices that an operation of the model reads. */
export function operandsOf(operation: GraphOperation): GraphValue[] {
  switch (operation.kind) {
    case 'embed':
      return [];
    case 'add':
      return [operation.x, operation.y];
    default:
      return [operation.x];
  }
}

/** In their order, the operations that the result needs, and every attention: it writes the cache. */
export function liveOperations(operations: readonly GraphOperation[], result: GraphValue): GraphOperation[] {
  const wanted = new Set<GraphValue>([result]);
  const live: GraphOperation[] = [];
  for (const operation of operations.toReversed()) {
    if (!wanted.has(operation.result) && operation.kind !== 'attention') continue;
    live.push(operation);
    for (const value of operandsOf(operation)) wanted.add(value);
  }
  const ordered = live.reverse();
  assertInvariant(
    ordered.some((operation) => operation.result === result),
    'the forward pass returns what it computed',
  );
  return ordered;
}
