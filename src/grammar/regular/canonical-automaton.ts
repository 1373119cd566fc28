import type { ByteAutomaton } from '../grammar.ts';
import { renumber, type Table } from './dfa.ts';
import type { Effort } from './effort.ts';
import { minimalPartition } from './minimal-partition.ts';

/** A partition of the bytes; columns are numbered by their first bytes. */
export interface Columns {
  readonly columnOf: Uint8Array;
  readonly numColumns: number;
  /** The first byte of each column. */
  readonly samples: readonly number[];
}

/**
 * The least automaton of a table over columns of bytes, its states in the order of a walk by bytes, its classes in the
 * order of their first bytes: equal languages give equal automata. Each state of the table leads to an accepting one.
 */
export function canonicalAutomaton(table: Table, columns: Columns, effort: Effort): ByteAutomaton {
  const { numColumns } = columns;
  const { blockOf } = minimalPartition(table.numStates, numColumns, table.next, table.accepts, effort);
  return mergeColumns(renumber(numColumns, table.next, table.accepts, blockOf), columns, effort);
}

/** Makes columns that lead to the same states one class. */
export function mergeColumns(
  { numStates, next, accepts }: Table,
  { columnOf, numColumns }: Columns,
  effort: Effort,
): ByteAutomaton {
  effort.spend(numStates * numColumns);
  const classOfColumn = new Int32Array(numColumns);
  const classes = new Map<string, number>();
  const kept: number[] = [];
  for (let column = 0; column < numColumns; column++) {
    const targets = new Int32Array(numStates);
    for (let state = 0; state < numStates; state++) targets[state] = next[state * numColumns + column] ?? -1;
    const key = targets.join();
    const known = classes.get(key);
    classOfColumn[column] = known ?? kept.length;
    if (known !== undefined) continue;
    classes.set(key, kept.length);
    kept.push(column);
  }
  const rows = new Int32Array(numStates * kept.length);
  kept.forEach((column, c) => {
    for (let state = 0; state < numStates; state++)
      rows[state * kept.length + c] = next[state * numColumns + column] ?? -1;
  });
  return {
    numStates,
    classOf: Uint8Array.from(columnOf, (column) => classOfColumn[column] ?? 0),
    numClasses: kept.length,
    next: rows,
    accepts,
  };
}
