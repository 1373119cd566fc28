import type { StepCostModel, StepShape } from './step-cost-model.ts';
import { groupOf } from '../fairness/client-id.ts';
import type { Sequence } from './sequence.ts';

/**
 * How much longer than a step of decodes alone a step may take when it computes prompts as well. The aim is that the
 * slowest gaps between a stream's tokens stay below 2.5 times those without prompts; what a step takes varies by a tenth.
 */
const MAX_SLOWDOWN = 2.2;
/** The share of a step's rows that prompts always get, so that they do not starve: 16 of 128. */
const LEAST_SHARE = 1 / 8;
/** The kernels compute rows in tiles of so many. */
const TILE_ROWS = 4;

/** What running streams allow a step to take. */
export interface PrefillBudget {
  limitMs: number;
  /** The step may have this many rows, however long it takes. */
  leastRows: number;
}

export const NOTHING: StepShape = { numRows: 0, numLogitRows: 0, numScores: 0 };
const UNLIMITED: PrefillBudget = { limitMs: Infinity, leastRows: 0 };
/** Of a step before which work of its own took what prompts may take. */
export const NO_PROMPTS: PrefillBudget = { limitMs: 0, leastRows: 0 };

/**
 * How many more rows a step between two steps of sequences may have.
 *
 * @param shape of it so far
 * @param positionStart the tokens of the text that are computed already
 * @param maxRows most that are wanted, or free
 */
export type RowsBetween = (shape: StepShape, positionStart: number, maxRows: number) => number;

/**
 * The budget of the next step. Without a decode no stream waits for it. When more sequences have their prompts before them
 * than are decoding, as after a burst, those who wait for their first token are as many as would decode, so their steady
 * step is the measure, not that of the few.
 *
 * @param decodes the step as it would be without prompts
 * @param numPrefills sequences whose prompts could be computed now
 */
export function prefillBudget(
  costs: StepCostModel | undefined,
  decodes: StepShape,
  numPrefills: number,
  maxRows: number,
): PrefillBudget {
  if (costs === undefined || decodes.numRows === 0) return UNLIMITED;
  const scale = Math.max(1, numPrefills / decodes.numRows);
  const steady = {
    numRows: decodes.numRows * scale,
    numLogitRows: decodes.numLogitRows * scale,
    numScores: decodes.numScores * scale,
  };
  return {
    limitMs: MAX_SLOWDOWN * costs.predictMs(steady),
    leastRows: decodes.numRows + Math.ceil(maxRows * LEAST_SHARE),
  };
}

/**
 * How many more rows a step takes of one prompt: as many as its budget allows, in whole tiles.
 *
 * @param shape the step so far
 * @param positionStart the prompt's tokens that are computed already
 * @param maxRows most that are wanted, or free
 * @param isScored whether each of them has logits
 */
export function prefillRows(
  costs: StepCostModel | undefined,
  { limitMs, leastRows }: PrefillBudget,
  shape: StepShape,
  positionStart: number,
  maxRows: number,
  isScored = false,
): number {
  if (costs === undefined || limitMs === Infinity) return maxRows;
  let total = shape.numRows + maxRows;
  while (total > Math.max(leastRows, shape.numRows)) {
    const numRows = total - shape.numRows;
    const numScores = shape.numScores + scoresOf(positionStart, numRows);
    const numLogitRows = shape.numLogitRows + (isScored ? numRows : 0);
    if (costs.predictMs({ numRows: total, numLogitRows, numScores }) <= limitMs) return numRows;
    total = (Math.ceil(total / TILE_ROWS) - 1) * TILE_ROWS;
  }
  return Math.min(Math.max(leastRows - shape.numRows, 0), maxRows);
}

/** The budget of a step of its own between two steps of decodes, so that it and the next of them together keep theirs. */
export function rowsBetweenSteps(
  costs: StepCostModel | undefined,
  decodes: StepShape,
  maxNumRows: number,
): RowsBetween {
  if (costs === undefined || decodes.numRows === 0) return (_shape, _positionStart, maxRows) => maxRows;
  const limitMs = (MAX_SLOWDOWN - 1) * costs.predictMs(decodes);
  const leastRows = Math.ceil(maxNumRows * LEAST_SHARE);
  return (shape, positionStart, maxRows) =>
    prefillRows(costs, { limitMs, leastRows }, shape, positionStart, maxRows);
}

/** Keys that the rows of a chunk look at: each at all before it and at itself. */
export function scoresOf(positionStart: number, numRows: number): number {
  return numRows * positionStart + (numRows * (numRows + 1)) / 2;
}

/** Milliseconds that the guides of a group may work at once: natural formats need less, even for their first tokens. */
const MOST_CREDIT_MS = 250;
/** Of the time that steps take without guides: all groups together earn so much in it. */
const SHARE = 1 / 2;

/**
 * Keeps guides that are slow from slowing the texts of others. While the guides of a sequence work, all sequences of a
 * step wait. So each group has credit in milliseconds: its guides spend it, and all groups that run earn it in equal
 * shares. The guided sequences of a group without credit stay out of steps until it has some again. Their texts are the
 * same then, only later.
 */
export class GuideBudget {
  /** Of groups that have less than the most. */
  readonly #creditMs = new Map<string, number>();

  /** The running sequences without those whose guides may not work in the next step; all where they are of one group. */
  inTime(running: readonly Sequence[]): readonly Sequence[] {
    if (this.#creditMs.size === 0) return running;
    const groups = new Set(running.map(({ clientId }) => groupOf(clientId)));
    if (groups.size === 1) return running;
    return running.filter(
      ({ guide, clientId }) => guide === undefined || (this.#creditMs.get(groupOf(clientId)) ?? 0) >= 0,
    );
  }

  /**
   * A step was computed.
   *
   * @param running when it was
   * @param durationMs of the step, its guides included
   */
  record(running: readonly Sequence[], durationMs: number): void {
    let guideMs = 0;
    for (const { guide, clientId } of running) {
      if (guide === undefined) continue;
      const workMs = guide.takeWorkMs();
      const group = groupOf(clientId);
      this.#creditMs.set(group, (this.#creditMs.get(group) ?? MOST_CREDIT_MS) - workMs);
      guideMs += workMs;
    }
    if (this.#creditMs.size === 0) return;
    const groups = new Set(running.map(({ clientId }) => groupOf(clientId)));
    this.#earn((SHARE * Math.max(durationMs - guideMs, 0)) / Math.max(groups.size, 1));
  }

  #earn(ms: number): void {
    for (const [group, creditMs] of this.#creditMs) {
      if (creditMs + ms >= MOST_CREDIT_MS) this.#creditMs.delete(group);
      else this.#creditMs.set(group, creditMs + ms);
    }
  }
}
