import { StepValue, type StepOperation, type RowCounts } from './step-recorder.ts';
import { operandsOf } from './live-operations.ts';

type SelectRows = Extract<StepOperation, { kind: 'selectRows' }>;

/** Operations whose row r depends on row r of their operands alone. */
const ROW_BY_ROW: ReadonlySet<StepOperation['kind']> = new Set([
  'linear',
  'layerNorm',
  'rmsNorm',
  'gelu',
  'gate',
  'add',
]);

/**
 * Selects the rows whose logits are wanted as early as can be: behind the last attention the others are not needed, so
 * that of a prompt's last block projection and MLP are computed for one row. Each row is what it was, bit for bit.
 *
 * @param operations the live ones, in order
 * @returns the operations in order, and what became of `result`
 */
export function selectEarly(
  operations: readonly StepOperation[],
  result: StepValue,
  counts: RowCounts,
): { operations: StepOperation[]; result: StepValue } {
  const selections = operations.filter((operation) => operation.kind === 'selectRows');
  const [selection, ...others] = selections;
  if (selection === undefined || others.length > 0) return { operations: [...operations], result };
  const narrowed = narrowedValues(operations, selection, result);
  const rewritten = new Rewriting(narrowed, selection, counts);
  for (const operation of operations) rewritten.add(operation);
  return { operations: rewritten.operations, result: rewritten.valueOf(result) };
}

/** The values that are read by their selected rows alone, and can be computed for these rows alone. */
function narrowedValues(
  operations: readonly StepOperation[],
  selection: SelectRows,
  result: StepValue,
): Set<StepValue> {
  const narrowed = new Set<StepValue>();
  const readInFull = new Set<StepValue>([result]);
  for (const operation of operations.toReversed()) {
    const isNarrow =
      operation.result.rows === 'step' && ROW_BY_ROW.has(operation.kind) && !readInFull.has(operation.result);
    if (isNarrow) narrowed.add(operation.result);
    if (isNarrow || operation === selection) continue;
    for (const value of operandsOf(operation)) readInFull.add(value);
  }
  return narrowed;
}

class Rewriting {
  readonly operations: StepOperation[] = [];
  readonly #narrowed: ReadonlySet<StepValue>;
  readonly #selection: SelectRows;
  readonly #counts: RowCounts;
  /** The selected rows of a value, once they are there. */
  readonly #selected = new Map<StepValue, StepValue>();

  constructor(narrowed: ReadonlySet<StepValue>, selection: SelectRows, counts: RowCounts) {
    this.#narrowed = narrowed;
    this.#selection = selection;
    this.#counts = counts;
  }

  /** What stands for a value of before. */
  valueOf(value: StepValue): StepValue {
    return value === this.#selection.result ? this.#select(this.#selection.x) : value;
  }

  add(operation: StepOperation): void {
    if (operation === this.#selection) {
      this.#select(operation.x);
    } else if (this.#narrowed.has(operation.result)) {
      const result = this.#logitValue(operation.result); // [logitRows, cols]
      this.#push(operation, (value) => this.#select(value), result);
      this.#selected.set(operation.result, result);
    } else {
      this.#push(operation, (value) => this.valueOf(value), operation.result);
    }
  }

  #push(operation: StepOperation, replace: (value: StepValue) => StepValue, result: StepValue): void {
    switch (operation.kind) {
      case 'embed':
        this.operations.push({ ...operation, result });
        return;
      case 'add': {
        const [x, y] = [replace(operation.x), replace(operation.y)];
        this.operations.push({ ...operation, x, y, result });
        return;
      }
      default: {
        const x = replace(operation.x);
        this.operations.push({ ...operation, x, result });
      }
    }
  }

  #select(value: StepValue): StepValue {
    const known = this.#selected.get(value);
    if (known !== undefined) return known;
    const result = this.#logitValue(value); // [logitRows, cols]
    this.operations.push({ kind: 'selectRows', x: value, result });
    this.#selected.set(value, result);
    return result;
  }

  #logitValue({ numCols }: StepValue): StepValue {
    return new StepValue('logit', numCols, this.#counts.logit);
  }
}
