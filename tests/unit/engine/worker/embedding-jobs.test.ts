import { describe, expect, it } from 'vitest';
import { EmbeddingJobs } from '../../../../src/engine/worker/embedding-jobs.ts';
import { RunQueue } from '../../../../src/scheduler/admission/run-queue.ts';

/** Seats that are taken from the lowest, and the jobs over them. */
function jobsOver(
  numSeats: number,
  maxNumBatchedTokens: number,
): { jobs: EmbeddingJobs; numFree: () => number } {
  const queue = new RunQueue({ numSeats, numPages: 16, prefixCache: false });
  return { jobs: new EmbeddingJobs(queue, maxNumBatchedTokens), numFree: () => queue.numFreeSeats };
}

const tokens = (length: number): number[] => Array.from({ length }, (_, i) => i);

const rows = (values: readonly (readonly number[])[]): Float32Array[] =>
  values.map((row) => Float32Array.from(row));

describe('EmbeddingJobs', () => {
  it('fills a step with the oldest texts, and goes on where it stopped', () => {
    const { jobs, numFree } = jobsOver(2, 4);
    jobs.add(7, [1, 2, 3]);
    jobs.add(8, [4, 5]);
    const first = jobs.schedule();
    expect(first.map(({ segment }) => segment)).toEqual([
      { pages: [0], positionStart: 0, tokenIds: [1, 2, 3], logits: 'all' },
      { pages: [1], positionStart: 0, tokenIds: [4], logits: 'all' },
    ]);
    // The mean of the first is (1, 2) times something: its length is what is divided out.
    const finished = jobs.advance(
      first,
      rows([
        [3, 0],
        [0, 3],
        [0, 1],
        [1, 0],
      ]),
    );
    expect(finished).toEqual([{ id: 7, embedding: Float32Array.of(3 / 5, 4 / 5) }]);
    expect(numFree()).toBe(1);
    const second = jobs.schedule();
    expect(second.map(({ segment }) => segment)).toEqual([
      { pages: [1], positionStart: 1, tokenIds: [5], logits: 'all' },
    ]);
    expect(jobs.advance(second, rows([[1, 0]]))).toEqual([{ id: 8, embedding: Float32Array.of(1, 0) }]);
    expect(jobs.schedule()).toEqual([]);
  });

  it('waits while there is no seat, and gives back that of a text that is cancelled', () => {
    const { jobs, numFree } = jobsOver(1, 8);
    jobs.add(1, [1, 2]);
    jobs.add(2, [3]);
    expect(jobs.schedule()).toHaveLength(1);
    expect(jobs.cancel(1)).toBe(true);
    expect(jobs.cancel(1)).toBe(false);
    expect(numFree()).toBe(1);
    expect(jobs.schedule().map(({ segment }) => segment.tokenIds)).toEqual([[3]]);
  });

  it('takes texts of clients in turns, and no more rows than it may', () => {
    const { jobs } = jobsOver(8, 6);
    for (const id of [1, 2, 3]) jobs.add(id, [10, 11, 12], 'many');
    jobs.add(4, [20, 21], 'few');
    const idsOf = (chunks: ReturnType<typeof jobs.schedule>): [number, number][] =>
      chunks.map(({ job, segment }) => [job.id, segment.tokenIds.length]);
    const first = jobs.schedule();
    expect(idsOf(first)).toEqual([[1, 3], [4, 2], [2, 1]]); // prettier-ignore
    jobs.advance(first, rows(Array.from({ length: 6 }, () => [1, 0])));
    expect(idsOf(jobs.schedule(({ numRows }) => 2 - numRows))).toEqual([[2, 2]]);
  });

  it('begins no text of a group while another of its is half done, whichever member sent it', () => {
    const { jobs, numFree } = jobsOver(8, 4);
    for (let member = 0; member < 4; member++) jobs.add(member, tokens(9), `many/${member}`);
    jobs.add(9, tokens(6), 'few/one');
    const order: [number, number][] = [];
    for (;;) {
      const chunks = jobs.schedule();
      if (chunks.length === 0) break;
      order.push(...chunks.map(({ job, segment }): [number, number] => [job.id, segment.tokenIds.length]));
      jobs.advance(chunks, rows(Array.from({ length: 4 }, () => [1, 0])));
      expect(8 - numFree()).toBeLessThanOrEqual(2);
    }
    // The groups take turns, and the second is done after as many tokens as the first has been given.
    expect(order.slice(0, 5)).toEqual([[0, 4], [9, 4], [0, 4], [9, 2], [0, 1]]); // prettier-ignore
    expect([...new Set(order.map(([id]) => id))].sort()).toEqual([0, 1, 2, 3, 9]);
  });

  it('leaves a state of nothing as it is', () => {
    const { jobs } = jobsOver(1, 8);
    jobs.add(1, [1]);
    expect(jobs.advance(jobs.schedule(), rows([[0, 0]]))).toEqual([
      { id: 1, embedding: Float32Array.of(0, 0) },
    ]);
  });
});
