import { describe, expect, it } from 'vitest';
import { mayStartItem, type EngineLoad } from '../../../src/batch/batch-runner.ts';

const load = (numSequencesRunning: number, numSequencesWaiting = 0, maxNumSeqs = 8): EngineLoad => ({
  numSequencesRunning,
  numSequencesWaiting,
  maxNumSeqs,
});

/** One engine, of whose running sequences so many are items. */
const mayStart = (
  engine: EngineLoad,
  numItems: number,
  others: EngineLoad[] = [],
  numOtherItems = 0,
): boolean => mayStartItem({ load: engine, numItems }, [engine, ...others], numItems + numOtherItems);

describe('an item of a job', () => {
  it('takes up to half of the seats where nothing else runs', () => {
    expect([0, 1, 2, 3, 4].map((numItems) => mayStart(load(numItems), numItems))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
    expect(mayStart(load(0, 0, 1), 0)).toBe(true);
    expect(mayStart(load(1, 0, 1), 1)).toBe(false);
  });

  it('is the only one beside live requests, and leaves a seat free', () => {
    expect(mayStart(load(1), 0)).toBe(true);
    expect(mayStart(load(2), 1)).toBe(false);
    expect(mayStart(load(6), 0)).toBe(true);
    expect(mayStart(load(7), 0)).toBe(false);
    expect(mayStart(load(1, 0, 2), 0)).toBe(false);
  });

  it('does not start while anything waits, for its model or another', () => {
    expect(mayStart(load(0, 1), 0)).toBe(false);
    expect(mayStart(load(0), 0, [load(0, 1)])).toBe(false);
  });

  it('counts what runs on other models as live', () => {
    expect(mayStart(load(0), 0, [load(3)])).toBe(true);
    expect(mayStart(load(1), 1, [load(3)])).toBe(false);
    // An item of another model is no live request.
    expect(mayStart(load(0), 0, [load(1)], 1)).toBe(true);
  });

  it('has a model loaded only where nothing runs at all', () => {
    expect(mayStartItem(undefined, [load(0)], 0)).toBe(true);
    expect(mayStartItem(undefined, [load(1)], 0)).toBe(false);
    expect(mayStartItem(undefined, [load(1)], 1)).toBe(false);
  });
});
