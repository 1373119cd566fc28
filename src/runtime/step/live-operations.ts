import { assertInvariant } from '../../errors.ts';
import type { StepOperation, StepValue } from './step-recorder.ts';

/** The matrices that an operation of the model reads. */
export function operandsOf(operation: StepOperation): StepValue[] {
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
export function liveOperations(operations: readonly StepOperation[], result: StepValue): StepOperation[] {
  const wanted = new Set<StepValue>([result]);
  const live: StepOperation[] = [];
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
