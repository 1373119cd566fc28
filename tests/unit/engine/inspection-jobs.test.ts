import { describe, expect, it } from 'vitest';
import { InspectionJobs } from '../../../src/engine/inspection-jobs.ts';

const LAYER = [[[1]]];

function jobsOver(numLanes: number, numLayers = 2): { jobs: InspectionJobs; free: number[] } {
  const free = Array.from({ length: numLanes }, (_, lane) => lane);
  const lender = { tryTakeLane: () => free.shift(), returnLane: (lane: number) => void free.push(lane) };
  return { jobs: new InspectionJobs(lender, numLayers), free };
}

/** Takes turns until nothing is left; the layers in the order in which they were inspected. */
function runToEnd(jobs: InspectionJobs): { inspected: string[]; finished: number[] } {
  const inspected: string[] = [];
  const finished: number[] = [];
  for (let next = jobs.next(); next !== undefined; next = jobs.next()) {
    inspected.push(`${next.job.id}.${next.layerIndex}`);
    const done = jobs.advance(next, LAYER);
    if (done !== undefined) finished.push(done.id);
  }
  return { inspected, finished };
}

describe('InspectionJobs', () => {
  it('inspects one prompt at a time, layer by layer, in one lane', () => {
    const { jobs, free } = jobsOver(3);
    jobs.add(1, [5]);
    jobs.add(2, [6]);
    const first = jobs.next();
    expect(first).toMatchObject({ lane: 0, layerIndex: 0, job: { id: 1 } });
    expect(free).toEqual([1, 2]);
    if (first !== undefined) expect(jobs.advance(first, LAYER)).toBeUndefined();
    expect(runToEnd(jobs)).toEqual({ inspected: ['1.1', '2.0', '2.1'], finished: [1, 2] });
    expect(free.toSorted()).toEqual([0, 1, 2]);
  });

  it('inspects the layers that are asked for, in their order', () => {
    const { jobs } = jobsOver(1, 9);
    jobs.add(1, [5], '', [7, 2]);
    expect(runToEnd(jobs)).toEqual({ inspected: ['1.7', '1.2'], finished: [1] });
  });

  it('takes the clients in turns', () => {
    const { jobs } = jobsOver(1, 1);
    for (const id of [1, 2, 3]) jobs.add(id, [5, 6], 'many');
    jobs.add(4, [5, 6], 'few');
    expect(runToEnd(jobs).finished).toEqual([1, 4, 2, 3]);
  });

  it('gives the lane back of one that is cancelled, begun or not', () => {
    const { jobs, free } = jobsOver(1);
    for (const id of [1, 2, 3]) jobs.add(id, [5]);
    expect(jobs.next()).toMatchObject({ job: { id: 1 } });
    expect([jobs.cancel(1), jobs.cancel(1), jobs.cancel(2)]).toEqual([true, false, true]);
    expect(free).toEqual([0]);
    expect(runToEnd(jobs).finished).toEqual([3]);
  });

  it('waits while no lane is free', () => {
    const { jobs, free } = jobsOver(0);
    jobs.add(1, [5]);
    expect(jobs.next()).toBeUndefined();
    free.push(7);
    expect(jobs.next()).toMatchObject({ lane: 7, job: { id: 1 } });
  });
});
