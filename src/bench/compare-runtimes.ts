import { EngineError } from '../errors.ts';
import type { BenchmarkTarget } from './benchmark-target.ts';
import { measureCell, type Cell, type CellReading } from './measure-cell.ts';
import { Workload } from './workload.ts';

/** One that takes part: a service on some runtime. */
export interface Contender {
  /** As it was asked for: `wasm`, `webgpu:f16`. */
  label: string;
  target: BenchmarkTarget;
  vocabSize: number;
}

export interface ComparisonOptions {
  contenders: readonly Contender[];
  cells: readonly Cell[];
  rounds: number;
  /** What is measured of a cell in one round, at least. */
  minMs: number;
  /** What one turn at a cell may take; a cell that is cut off has no further rounds. */
  limitMs: number;
  seed: number;
  onReading?: (reading: { label: string; cell: Cell; round: number } & CellReading) => void;
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
 * first turn at a cell is repeated and only the second counts, since the first compiles and records.
 *
 * @throws what `signal` was aborted with; a contender that fails is out, with its reason
 */
export async function compareRuntimes(options: ComparisonOptions): Promise<ContenderResult[]> {
  const { contenders, cells, rounds } = options;
  const states = contenders.map((contender) => new ContenderState(contender, cells, options.seed));
  for (let round = 0; round < rounds; round++) {
    for (const cell of cells) {
      for (const state of states) await takeTurn(state, cell, round, options);
    }
  }
  return states.map((state) => state.result());
}

class ContenderState {
  readonly contender: Contender;
  readonly workload: Workload;
  readonly #results: Map<Cell, CellResult>;
  failure: string | undefined;

  constructor(contender: Contender, cells: readonly Cell[], seed: number) {
    this.contender = contender;
    this.workload = new Workload(contender.vocabSize, seed);
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

async function takeTurn(
  state: ContenderState,
  cell: Cell,
  round: number,
  { minMs, limitMs, signal, onReading }: ComparisonOptions,
): Promise<void> {
  if (!state.wants(cell)) return;
  const { target, label } = state.contender;
  const options = { target, workload: state.workload, limitMs, signal };
  try {
    const first = round === 0 ? await measureCell(cell, { ...options, minMs: 0 }) : undefined;
    const reading = first?.isCutOff === true ? first : await measureCell(cell, { ...options, minMs });
    if (reading.isCutOff) await settle(target, signal);
    state.add(cell, reading);
    onReading?.({ label, cell, round, ...reading });
  } catch (error) {
    signal.throwIfAborted();
    state.failure = error instanceof EngineError ? `${error.code}: ${error.message}` : String(error);
  }
}

/** One token comes when what was cut off is out of the way. */
async function settle(target: BenchmarkTarget, signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.timeout(SETTLE_LIMIT_MS);
  await target.generate({ prompts: [[0]], maxTokens: 1 }, () => undefined, AbortSignal.any([signal, limit]));
}
