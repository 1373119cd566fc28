/** Pauses before a restart, by how many deaths came in a row. */
const DELAYS_MS = [0, 250, 500, 1000, 2000, 4000, 8000, 15_000];
/** A process that served for so long served well: its death is the first of a row. */
const SERVED_WELL_MS = 10_000;

/** What the next restart is judged by. */
export interface RestartHistory {
  /** Deaths in a row: of processes that served only briefly, or not at all. */
  readonly numDeaths: number;
  /** To wait before the process that comes next is started. */
  readonly delayMs: number;
}

export const NO_DEATHS: RestartHistory = { numDeaths: 0, delayMs: 0 };

/**
 * Takes note of a death. The first is followed by a restart at once; an engine that dies again soon after it was ready is
 * restarted later each time, so that a fault that comes with the requests, or with the machine, does not keep it loading
 * for ever.
 *
 * @param servedMs how long the process that died had been ready, 0 if it never was
 * @param loadMs how long it had taken to be ready: less than that is no service, however long
 */
export function afterDeath(
  { numDeaths }: RestartHistory,
  { servedMs, loadMs }: { servedMs: number; loadMs: number },
): RestartHistory {
  const servedWell = servedMs >= Math.max(SERVED_WELL_MS, loadMs);
  const numInRow = servedWell ? 1 : numDeaths + 1;
  const delayMs = DELAYS_MS[Math.min(numInRow, DELAYS_MS.length) - 1] ?? 0;
  return { numDeaths: numInRow, delayMs };
}
