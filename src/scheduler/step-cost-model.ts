import { assertInvariant } from '../errors.ts';

/** What a step computes, as far as it decides how long the step takes. */
export interface StepShape {
  /** Rows that go through the blocks. */
  numRows: number;
  /** Of these, rows that go through the output head. */
  numLogitRows: number;
  /** Keys that all rows together look at. */
  numScores: number;
}

/** Multiply-adds of one of each, in the whole model. */
export interface StepWork {
  perRow: number;
  perLogitRow: number;
  perScore: number;
}

/** Steps of about as many rows, and how long they took. */
interface Cell {
  readonly numRows: number;
  /** Milliseconds for a multiply-add, of the latest such steps, and their lower median. */
  readonly rates: number[];
  rate: number;
  /** When the latest came, counted in steps. */
  seenAt: number;
}

/** Of so many the median is taken: a pause or two of the machine do not count, and a slower machine does after four. */
const RATES_KEPT = 7;
/** What a cell says counts less when it was not seen for so many steps. */
const STEPS_REMEMBERED = 64;

/**
 * How long a step will take, learned from how long steps took.
 *
 * A step's multiply-adds are known beforehand: they follow from its shape and from the model. How fast they are done is
 * not: it depends on the runtime, the machine and its load, and above all on the number of rows, since a few rows wait
 * for the weights to come from memory, and many do not. So the measured time of a multiply-add is kept for each number of
 * rows (in cells that are wider where there are many), and between two cells the time is taken to be a + b * rows:
 *
 *   ms / multiply-add
 *     |*
 *     |  *                       each * is a cell: the median of its latest steps
 *     |       *            *     a step beyond the last cell is taken to be as fast as that
 *     +--1---4-----8-------128--- rows
 *
 * The lower median makes a shape's first step harmless, which on some runtimes compiles shaders: two steps are one and
 * the better one counts. A cell that was measured long ago, perhaps while code was still cold or the machine busy, is
 * passed over between two others, and as the largest of all is taken to do a multiply-add no slower than the one below
 * it: else such a step would not be planned again, and its estimate never corrected.
 *
 * Pure: its caller tells it how long steps took.
 */
export class StepCostModel {
  readonly #work: StepWork;
  readonly #cells = new Map<number, Cell>();
  #numRecorded = 0;
  /** The cells to ask, by rows; `undefined` when a step has been recorded since. */
  #asked: readonly Pick<Cell, 'numRows' | 'rate'>[] | undefined;
  /** What they said, by rows of a cell: a plan of drafts asks a hundred times. */
  readonly #rates: number[] = [];

  constructor(work: StepWork) {
    this.#work = work;
  }

  /** Whether a step was recorded. */
  get isMeasured(): boolean {
    return this.#numRecorded > 0;
  }

  /** Takes note of a step. */
  record(shape: StepShape, durationMs: number): void {
    const numRows = cellRows(shape.numRows);
    const cell = this.#cells.get(numRows) ?? { numRows, rates: [], rate: 0, seenAt: 0 };
    this.#cells.set(numRows, cell);
    cell.rates.push(durationMs / this.#workOf(shape));
    if (cell.rates.length > RATES_KEPT) cell.rates.shift();
    cell.rate = lowerMedian(cell.rates);
    cell.seenAt = ++this.#numRecorded;
    this.#asked = undefined;
    this.#rates.length = 0;
  }

  /**
   * Milliseconds that a step will take. As long as no step was recorded at all, they are multiply-adds instead: two
   * predictions can be compared in any case.
   */
  predictMs(shape: StepShape): number {
    const numRows = cellRows(shape.numRows);
    return this.#workOf(shape) * (this.#rates[numRows] ??= this.#rateAt(numRows));
  }

  /** Rows of a cell that are not there cost as much as those that are. */
  #workOf({ numRows, numLogitRows, numScores }: StepShape): number {
    const { perRow, perLogitRow, perScore } = this.#work;
    return cellRows(numRows) * perRow + cellRows(numLogitRows) * perLogitRow + numScores * perScore;
  }

  /** @param rows of a cell */
  #rateAt(rows: number): number {
    const cells = (this.#asked ??= this.#cellsToAsk());
    const [first] = cells;
    if (first === undefined) return 1;
    const above = cells.find((cell) => cell.numRows >= rows);
    const below = cells.findLast((cell) => cell.numRows <= rows);
    if (below === undefined || above === undefined) return (below ?? above ?? first).rate;
    if (below === above) return above.rate;
    // a + b * rows, for each of its rows: linear in 1 / rows.
    const share = (1 / below.numRows - 1 / rows) / (1 / below.numRows - 1 / above.numRows);
    return below.rate + share * (above.rate - below.rate);
  }

  #cellsToAsk(): Pick<Cell, 'numRows' | 'rate'>[] {
    const cells = [...this.#cells.values()].toSorted((one, other) => one.numRows - other.numRows);
    const isFresh = ({ seenAt }: Cell): boolean => this.#numRecorded - seenAt < STEPS_REMEMBERED;
    const asked = cells.filter((cell, i) => i === 0 || i === cells.length - 1 || isFresh(cell));
    const last = asked.at(-1);
    const below = asked.at(-2);
    if (last === undefined || below === undefined || isFresh(last)) return asked;
    return [...asked.slice(0, -1), { numRows: last.numRows, rate: Math.min(last.rate, below.rate) }];
  }
}

/** Of a few values, each compared with all: a sort takes V8 some 10 us. */
function lowerMedian(values: readonly number[]): number {
  const rank = (values.length - 1) >> 1;
  const middle = values.find((value) => {
    const numBelow = values.reduce((sum, other) => sum + Number(other < value), 0);
    const numEqual = values.reduce((sum, other) => sum + Number(other === value), 0);
    return numBelow <= rank && rank < numBelow + numEqual;
  });
  assertInvariant(middle !== undefined, 'a cell was seen at least once');
  return middle;
}

/** The cell of a number of rows: 1, 2, then multiples of 4 as in the kernels' tiles, of 8 from 32 on, of 16 from 64 on. */
function cellRows(numRows: number): number {
  if (numRows <= 2) return numRows;
  const width = Math.max(4, 2 ** Math.floor(Math.log2(numRows - 1)) / 4);
  return Math.ceil(numRows / width) * width;
}
