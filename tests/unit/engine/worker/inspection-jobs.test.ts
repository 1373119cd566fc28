import { describe, expect, it } from 'vitest';
import { InspectionJobs } from '../../../../src/engine/worker/inspection-jobs.ts';
import { RunQueue } from '../../../../src/scheduler/admission/run-queue.ts';

const LAYER = [[[1]]];
const layers = [0, 1];

function jobsOver(numSeats: number): { jobs: InspectionJobs; queue: RunQueue } {
  const queue = new RunQueue({ numSeats, numPages: 16, prefixCache: false });
  return { jobs: new InspectionJobs(queue), queue };
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
  it('inspects one prompt at a time, layer by layer, in one seat', () => {
    const { jobs, queue } = jobsOver(3);
    jobs.add(1, { tokenIds: [5], layers });
    jobs.add(2, { tokenIds: [6], layers });
    const first = jobs.next();
    expect(first).toMatchObject({ pages: [0], layerIndex: 0, job: { id: 1 } });
    expect(queue.numFreeSeats).toBe(2);
    if (first !== undefined) expect(jobs.advance(first, LAYER)).toBeUndefined();
    expect(runToEnd(jobs)).toEqual({ inspected: ['1.1', '2.0', '2.1'], finished: [1, 2] });
    expect(queue.numFreeSeats).toBe(3);
  });

  it('inspects the layers that are asked for, in their order', () => {
    const { jobs } = jobsOver(1);
    jobs.add(1, { tokenIds: [5], layers: [7, 2] });
    expect(runToEnd(jobs)).toEqual({ inspected: ['1.7', '1.2'], finished: [1] });
  });

  it('takes the clients in turns', () => {
    const { jobs } = jobsOver(1);
    for (const id of [1, 2, 3]) jobs.add(id, { tokenIds: [5, 6], layers: [1], clientId: 'many' });
    jobs.add(4, { tokenIds: [5, 6], layers: [1], clientId: 'few' });
    expect(runToEnd(jobs).finished).toEqual([1, 4, 2, 3]);
  });

  it('gives the seat back of one that is cancelled, begun or not', () => {
    const { jobs, queue } = jobsOver(1);
    for (const id of [1, 2, 3]) jobs.add(id, { tokenIds: [5], layers });
    expect(jobs.next()).toMatchObject({ job: { id: 1 } });
    expect([jobs.cancel(1), jobs.cancel(1), jobs.cancel(2)]).toEqual([true, false, true]);
    expect(queue.numFreeSeats).toBe(1);
    expect(runToEnd(jobs).finished).toEqual([3]);
  });

  it('waits while no seat is free', () => {
    const { jobs, queue } = jobsOver(1);
    const taken = queue.ask('other', 1);
    expect(queue.tryReserve(taken)).toBe(true);
    jobs.add(1, { tokenIds: [5], layers });
    expect(jobs.next()).toBeUndefined();
    queue.endReservation(taken);
    expect(jobs.next()).toMatchObject({ pages: [0], job: { id: 1 } });
  });
});
