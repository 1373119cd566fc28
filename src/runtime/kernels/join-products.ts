import { operandsOf } from '../step/live-operations.ts';
import type { StepOperation, StepValue } from '../step/step-recorder.ts';

type Linear = Extract<StepOperation, { kind: 'linear' }>;

/** A product, with what follows it: activation(x W^T + b) + residual. */
export type JoinedLinear = Linear & {
  readonly isGelu: boolean;
  readonly residual: StepValue | undefined;
};

export type JoinedOperation = Exclude<StepOperation, { kind: 'linear' }> | JoinedLinear;

/** The matrices that an operation reads. */
export function inputsOf(operation: JoinedOperation): StepValue[] {
  const operands = operandsOf(operation);
  return operation.kind === 'linear' && operation.residual !== undefined
    ? [...operands, operation.residual]
    : operands;
}

/**
 * GELU of a product, and its sum with something else, are computed while the product is at hand: same numbers, fewer
 * passes over memory. A product stands where the last operation that it took in stood.
 */
export function joinProducts(operations: readonly StepOperation[], result: StepValue): JoinedOperation[] {
  const numReads = new Map<StepValue, number>([[result, 1]]);
  const plain = operations.map((operation): JoinedOperation =>
    operation.kind === 'linear' ? { ...operation, isGelu: false, residual: undefined } : operation,
  );
  for (const operation of plain) {
    for (const value of inputsOf(operation)) numReads.set(value, (numReads.get(value) ?? 0) + 1);
  }
  const joined: (JoinedOperation | undefined)[] = [];
  const products = new Map<StepValue, number>(); // by result: where a product stands
  const take = (value: StepValue): JoinedLinear | undefined => {
    const place = products.get(value);
    const product = place === undefined ? undefined : joined[place];
    if (place === undefined || product?.kind !== 'linear' || numReads.get(value) !== 1) return undefined;
    if (product.residual !== undefined) return undefined;
    products.delete(value);
    joined[place] = undefined;
    return product;
  };
  for (const operation of plain) {
    const merged = merge(operation, take);
    joined.push(merged);
    if (merged.kind === 'linear') products.set(merged.result, joined.length - 1);
  }
  return joined.filter((operation) => operation !== undefined);
}

function merge(
  operation: JoinedOperation,
  take: (value: StepValue) => JoinedLinear | undefined,
): JoinedOperation {
  if (operation.kind === 'gelu') {
    const product = take(operation.x);
    return product === undefined ? operation : { ...product, isGelu: true, result: operation.result };
  }
  if (operation.kind === 'add') {
    const { x, y, result } = operation;
    const second = take(y);
    if (second !== undefined) return { ...second, residual: x, result };
    const first = take(x);
    return first === undefined ? operation : { ...first, residual: y, result };
  }
  return operation;
}
