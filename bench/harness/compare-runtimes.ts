import { EngineError } from '../../src/errors.ts';
import { measureCell, type Cell, type CellReading } from './measure-cell.ts';
import type { RunStreams } from './run-streams.ts';

/** One that takes part: a service on some runtime, or another engine. */
export interface Contender {
  /** As it was asked for: `wasm`, `webgpu:f16`. */
  label: string;
  run: RunStreams;
  /** Resolves when what was cut off is out of the way. */
  settle: (signal: AbortSignal) => Promise<void>;
  /** By default all cells of the comparison. */
  cells?: readonly Cell[];
}

export interface Trial {
  label: string;
  cell: Cell;
  round: number;
}

export interface ComparisonOptions {
  contenders: readonly Contender[];
  cells: readonly Cell[];
  rounds: number;
  /** What is measured of a cell in one round, at least; a second by default. */
  minMs?: number;
  /** What one trial at a cell may take; a cell that is cut off has no further rounds. */
  limitMs: number;
  /** Before each trial, when no contender is at work. What it throws ends the comparison. */
  beforeTrial?: (trial: Trial) => Promise<void>;
  /** After each trial that gave a reading: a trial that was disturbed is repeated, and its reading forgotten. */
  afterTrial?: (trial: Trial) => Promise<'keep' | 'repeat'>;
  onReading?: (reading: Trial & CellReading) => void;
  signal: AbortSignal;
}

export interface CellResult extends CellReading {
  cell: Cell;
}

export interface ContenderResult {
  label: string;
  /** In the order of the cells; those behind a failure are missing. */
  cells: readonly CellResult[];
  /** Why it could not go on. */
  failure?: string;
}

/** A request that was cut off may leave a long step behind it; the next contender must not share the cores with it. */
const SETTLE_LIMIT_MS = 300_000;

/**
 * Round after round, cell after cell, each contender in turn: a disturbance of the machine hits neighbours alike. The
 * first trial at a cell is repeated and only the second counts, since the first compiles and records.
 *
 * @throws what `signal` was aborted with; a contender that fails is out, with its reason
 */
export async function compareRuntimes(options: ComparisonOptions): Promise<ContenderResult[]> {
  const { contenders, cells, rounds } = options;
  const states = contenders.map((contender) => new ContenderState(contender, cells));
  for (let round = 0; round < rounds; round++) {
    for (const cell of cells) {
      for (const state of states) await runTrial(state, cell, round, options);
    }
  }
  return states.map((state) => state.result());
}

class ContenderState {
  readonly contender: Contender;
  readonly #results: Map<Cell, CellResult>;
  failure: string | undefined;

  constructor(contender: Contender, allCells: readonly Cell[]) {
    this.contender = contender;
    const cells = contender.cells ?? allCells;
    this.#results = new Map(cells.map((cell) => [cell, { cell, values: [], isCutOff: false }]));
  }

  wants(cell: Cell): boolean {
    return this.failure === undefined && this.#results.get(cell)?.isCutOff === false;
  }

  add(cell: Cell, { values, isCutOff }: CellReading): void {
    const before = this.#results.get(cell)?.values ?? [];
    this.#results.set(cell, { cell, values: [...before, ...values], isCutOff });
  }

  result(): ContenderResult {
    const { label } = this.contender;
    const cells = [...this.#results.values()].filter(({ values, isCutOff }) => isCutOff || values.length > 0);
    return { label, cells, ...(this.failure === undefined ? {} : { failure: this.failure }) };
  }
}

async function runTrial(
  state: ContenderState,
  cell: Cell,
  round: number,
  options: ComparisonOptions,
): Promise<void> {
  const trial = { label: state.contender.label, cell, round };
  while (state.wants(cell)) {
    await options.beforeTrial?.(trial);
    const reading = await tryOnce(state, trial, options);
    if (reading === undefined) return;
    if ((await options.afterTrial?.(trial)) === 'repeat') continue;
    state.add(cell, reading);
    options.onReading?.({ ...trial, ...reading });
    return;
  }
}

/** @returns `undefined` when the contender failed, and is out */
async function tryOnce(
  state: ContenderState,
  { cell, round }: Trial,
  { minMs = 1000, limitMs, signal }: ComparisonOptions,
): Promise<CellReading | undefined> {
  const options = { run: state.contender.run, limitMs, signal };
  try {
    const first = round === 0 ? await measureCell(cell, { ...options, minMs: 0 }) : undefined;
    const reading = first?.isCutOff === true ? first : await measureCell(cell, { ...options, minMs });
    if (reading.isCutOff) await settle(state.contender, signal);
    return reading;
  } catch (error) {
    signal.throwIfAborted();
    state.failure = error instanceof EngineError ? `${error.code}: ${error.message}` : String(error);
    return undefined;
  }
}

async function settle(contender: Contender, signal: AbortSignal): Promise<void> {
  await contender.settle(AbortSignal.any([signal, AbortSignal.timeout(SETTLE_LIMIT_MS)]));
}
