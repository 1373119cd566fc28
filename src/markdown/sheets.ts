import { ConversionFault } from './conversion.ts';
import { toTable } from './tables.ts';

/** Of a workbook, with those that are empty before one that is not. */
const MAX_CELLS = 2 ** 20;

export interface Sheet {
  readonly name: string;
  readonly rows: readonly (readonly string[])[];
}

/** Rows of a sheet as they are read: empty cells and rows cost nothing until one follows that is not empty. */
export class SheetRows {
  readonly rows: string[][] = [];
  readonly #budget: CellBudget;
  #row: string[] = [];
  #column = 0;

  constructor(budget: CellBudget) {
    this.#budget = budget;
  }

  /** The next cell is in this column, counted from 0. */
  moveTo(column: number): void {
    this.#column = column;
  }

  /** Cells of one text, side by side. */
  add(text: string, count = 1): void {
    if (text !== '') {
      this.#budget.take(this.#column + count - this.#row.length);
      while (this.#row.length < this.#column) this.#row.push('');
      for (let index = 0; index < count; index++) this.#row.push(text);
    }
    this.#column += count;
  }

  /** Ends a row that is there so many times. */
  endRow(count = 1): void {
    const row = this.#row;
    if (row.length > 0) {
      this.#budget.take((count - 1) * row.length);
      for (let index = 0; index < count; index++) this.rows.push(row);
    }
    this.#row = [];
    this.#column = 0;
  }
}

/** How many cells a workbook may still have. */
export class CellBudget {
  #left = MAX_CELLS;

  /** @throws ConversionFault */
  take(numCells: number): void {
    this.#left -= Math.max(numCells, 0);
    if (!(this.#left >= 0)) throw new ConversionFault(`it has more than ${MAX_CELLS} cells`);
  }
}

/** A workbook as a document: a section for each sheet. */
export const toWorkbook = (name: string, sheets: readonly Sheet[]): string =>
  [`# ${name}`, ...sheets.flatMap((sheet) => [`## ${sheet.name}`, toTable(sheet.rows)])]
    .filter((part) => part !== '')
    .join('\n\n');
