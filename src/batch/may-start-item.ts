import type { EngineStats } from '../engine/engine.ts';

export type EngineLoad = Pick<EngineStats, 'numSequencesRunning' | 'numSequencesWaiting' | 'numLanes'>;

/** The engine that would do an item. */
export interface ItemTarget {
  readonly load: EngineLoad;
  /** Items of jobs that it has. */
  readonly numItems: number;
}

/**
 * Whether an item of a job may start now (docs/decisions/0060-batch-jobs.md). It never joins a queue that a request
 * waits in, of any model, since all models share one machine. Beside live requests there is one item at most, and a lane
 * stays free for the next request; without any, items take up to half of the lanes.
 *
 * @param target undefined while the model is not loaded
 * @param loads of every loaded engine, the target's among them
 * @param numItems that the engines have together
 */
export function mayStartItem(
  target: ItemTarget | undefined,
  loads: readonly EngineLoad[],
  numItems: number,
): boolean {
  if (loads.some(({ numSequencesWaiting }) => numSequencesWaiting > 0)) return false;
  const numRunning = loads.reduce((sum, { numSequencesRunning }) => sum + numSequencesRunning, 0);
  const isLive = numRunning > numItems;
  // To load a model takes the machine's time and memory.
  if (target === undefined) return !isLive && numItems === 0;
  const { numLanes, numSequencesRunning } = target.load;
  if (isLive) return numItems === 0 && numSequencesRunning + 2 <= numLanes;
  return target.numItems < Math.max(Math.floor(numLanes / 2), 1);
}
