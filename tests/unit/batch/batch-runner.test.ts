import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { NewBatchJob, BatchJob, ItemAnswer } from '../../../src/batch/batch-job.ts';
import { BatchJobs, type BatchBounds } from '../../../src/batch/batch-jobs.ts';
import { BatchRunner } from '../../../src/batch/batch-runner.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { EngineError } from '../../../src/errors.ts';
import { until } from '../../support/service.ts';

const BOUNDS: BatchBounds = {
  maxOpenJobs: 4,
  maxRequestBytes: 1000,
  maxAnswerBytes: 50_000,
  keptMs: 60_000,
};

const ANSWER: ItemAnswer = { entry: '"done"', usage: { numPromptTokens: 1, numGeneratedTokens: 2 } };

const REQUEST = '{"prompt":"a"}';

interface Bench {
  jobs: BatchJobs;
  runner: BatchRunner;
  load: { numSequencesRunning: number; numSequencesWaiting: number; maxNumSeqs: number };
  clock: { nowMs: number };
  /** Owner and index of each item, as it was begun. */
  started: string[];
  done: string[];
}

/** A runner over an engine whose load a test sets. */
function createBench(bounds: BatchBounds = BOUNDS, isShort = (): boolean => false): Bench {
  const load = { numSequencesRunning: 0, numSequencesWaiting: 0, maxNumSeqs: 8 };
  const clock = { nowMs: 0 };
  const done: string[] = [];
  const jobs = new BatchJobs(bounds, () => clock.nowMs);
  // Of an engine a runner reads state and load alone.
  const engine = { state: 'ready', stats: () => load } as unknown as Engine;
  const models = { numWaiting: 0, engines: () => [{ modelId: 'm', engine, isLoaded: true }] };
  const runner = new BatchRunner({
    jobs,
    models,
    now: () => clock.nowMs,
    isShort,
    onDone: ({ id }) => done.push(id),
  });
  return { jobs, runner, load, clock, started: [], done };
}

let numJobs = 0;
const newKeyOf = (
  { started }: Bench,
  ownerId: string,
  numItems: number,
  run: (index: number) => Promise<ItemAnswer> = () => Promise.resolve(ANSWER),
): NewBatchJob => ({
  id: `job-${numJobs++}`,
  ownerId,
  modelId: 'm',
  requests: Array.from({ length: numItems }, () => REQUEST),
  work: {
    run: (index, request, onSubmitted) => {
      expect(request).toBe(REQUEST);
      started.push(`${ownerId}${index}`);
      onSubmitted();
      return run(index);
    },
    toFailure: (index, request, { code }) => `"${index} ${code}"`,
  },
});

const isDone =
  (job: BatchJob): (() => boolean) =>
  () =>
    job.status === 'done';

describe('BatchRunner', () => {
  it('does all items, and adds up what they used', async () => {
    const bench = createBench();
    const job = bench.runner.add(newKeyOf(bench, 'a', 9));
    expect(job.status).toBe('running');
    await until(isDone(job));
    expect([...job.entries()]).toEqual(Array<string>(9).fill('"done"'));
    expect(job.usage).toEqual({ numPromptTokens: 9, numGeneratedTokens: 18 });
    expect(bench.done).toEqual([job.id]);
  });

  it('lets the owners take turns', async () => {
    const bench = createBench();
    bench.load.numSequencesWaiting = 1;
    const jobs = ['a', 'a', 'b', 'c'].map((ownerId) => bench.runner.add(newKeyOf(bench, ownerId, 2)));
    expect(jobs.map(({ status }) => status)).toEqual(Array<string>(4).fill('queued'));
    bench.load.numSequencesWaiting = 0;
    await until(() => jobs.every((job) => job.status === 'done'));
    expect(bench.started).toEqual(['a0', 'b0', 'c0', 'a1', 'b1', 'c1', 'a0', 'a1']);
  });

  it('waits while live requests leave no room', async () => {
    const bench = createBench();
    bench.load.numSequencesRunning = 7;
    const job = bench.runner.add(newKeyOf(bench, 'a', 3));
    await sleep(120);
    expect(bench.started).toEqual([]);
    bench.load.numSequencesRunning = 6;
    await until(isDone(job));
  });

  it('waits while memory is short, and lets go of what was fetched', async () => {
    const memory = { isShort: true };
    const bench = createBench(BOUNDS, () => memory.isShort);
    const job = bench.runner.add(newKeyOf(bench, 'a', 3));
    await sleep(120);
    expect(bench.started).toEqual([]);
    memory.isShort = false;
    await until(isDone(job));
    bench.jobs.release();
    expect(bench.jobs.size).toBe(1);
    bench.jobs.markFetched(job);
    bench.jobs.release();
    expect(bench.jobs.size).toBe(0);
  });

  it('starts no other item before the engine counts the one that started', async () => {
    const bench = createBench();
    const onSubmitted: (() => void)[] = [];
    const request = newKeyOf(bench, 'a', 3);
    const run = (index: number, _: string, submitted: () => void): Promise<ItemAnswer> => {
      bench.started.push(`a${index}`);
      onSubmitted.push(submitted);
      // Until the engine has it, no number tells that item from a live request.
      return new Promise(() => undefined);
    };
    bench.load.numSequencesRunning = 1;
    bench.runner.add({ ...request, work: { ...request.work, run } });
    await sleep(120);
    expect(bench.started).toEqual(['a0']);
    bench.load.numSequencesRunning = 2;
    onSubmitted[0]?.();
    await sleep(120);
    expect(bench.started).toEqual(['a0']);
    bench.load.numSequencesRunning = 1;
    await until(() => bench.started.length === 2);
    expect(bench.started).toEqual(['a0', 'a1']);
  });

  it('tries what the engine failed at once more, and no oftener', async () => {
    const bench = createBench();
    const failure = new EngineError('backend_failure', 'lost');
    let numFailures = 0;
    const once = bench.runner.add(
      newKeyOf(bench, 'a', 2, (index) => {
        if (index === 0 && numFailures++ === 0) return Promise.reject(failure);
        return Promise.resolve(ANSWER);
      }),
    );
    await until(isDone(once));
    expect([...once.entries()]).toEqual(['"done"', '"done"']);
    expect(bench.started).toEqual(['a0', 'a0', 'a1']);
    const always = bench.runner.add(newKeyOf(bench, 'b', 1, () => Promise.reject(failure)));
    await until(isDone(always));
    expect([...always.entries()]).toEqual(['"0 backend_failure"']);
    expect(bench.started.slice(3)).toEqual(['b0', 'b0']);
  });

  it('keeps what the service cannot take now, for as long as that says', async () => {
    const bench = createBench();
    const refusals = ['engine_not_ready', 'rate_limited', 'queue_full'] as const;
    let numTries = 0;
    const job = bench.runner.add(
      newKeyOf(bench, 'a', 1, () => {
        const code = refusals[numTries++];
        if (code === undefined) return Promise.resolve(ANSWER);
        return Promise.reject(new EngineError(code, 'not now', { retryAfterMs: 5000 }));
      }),
    );
    for (let i = 1; i <= refusals.length; i++) {
      await until(() => numTries === i);
      await sleep(60);
      expect(numTries).toBe(i);
      bench.clock.nowMs += 5000;
    }
    await until(isDone(job));
    expect([...job.entries()]).toEqual(['"done"']);
  });

  it('fails an item alone by its own fault', async () => {
    const bench = createBench();
    const job = bench.runner.add(
      newKeyOf(bench, 'a', 3, (index) =>
        index === 1
          ? Promise.reject(new EngineError('rate_limited', 'never', { retryable: false }))
          : Promise.resolve(ANSWER),
      ),
    );
    await until(isDone(job));
    expect([...job.entries()]).toEqual(['"done"', '"1 rate_limited"', '"done"']);
  });

  it('does no more of a job whose answers take a half of the memory', async () => {
    const bench = createBench();
    const answer = { ...ANSWER, entry: `"${'x'.repeat(2000)}"` };
    const job = bench.runner.add(newKeyOf(bench, 'a', 20, () => Promise.resolve(answer)));
    await until(isDone(job));
    const entries = [...job.entries()];
    const numDone = entries.filter((entry) => entry === answer.entry).length;
    expect(numDone).toBe(bench.started.length);
    expect(numDone).toBe(12);
    expect(entries[12]).toBe('"12 payload_too_large"');
    await until(isDone(bench.runner.add(newKeyOf(bench, 'a', 1))));
  });

  it('lets a job of another owner start while one owner has filled the memory of requests', async () => {
    const bench = createBench();
    bench.load.numSequencesWaiting = 1;
    const never = (): Promise<ItemAnswer> => Promise.reject(new EngineError('engine_not_ready', 'not now'));
    bench.runner.add(newKeyOf(bench, 'a', 31, never));
    expect(() => bench.runner.add(newKeyOf(bench, 'a', 1))).toThrow('there is no room for another job');
    const other = bench.runner.add(newKeyOf(bench, 'b', 2));
    bench.load.numSequencesWaiting = 0;
    await until(isDone(other));
  });

  it('gives an address one turn, however many owners it has', async () => {
    const bench = createBench({
      maxOpenJobs: 1000,
      maxRequestBytes: 2 ** 20,
      maxAnswerBytes: 2 ** 20,
      keptMs: 60_000,
    });
    bench.load.numSequencesWaiting = 1;
    for (let i = 0; i < 100; i++) bench.runner.add(newKeyOf(bench, `2.2.2.2/key${i}:`, 1));
    const job = bench.runner.add(newKeyOf(bench, '1.1.1.1/', 3));
    bench.load.numSequencesWaiting = 0;
    await until(isDone(job));
    expect(bench.started.slice(0, 6)).toEqual([
      '2.2.2.2/key0:0',
      '1.1.1.1/0',
      '2.2.2.2/key1:0',
      '1.1.1.1/1',
      '2.2.2.2/key2:0',
      '1.1.1.1/2',
    ]);
  });

  it('forgets a job while one of its items runs', async () => {
    const bench = createBench();
    let end: (answer: ItemAnswer) => void = () => undefined;
    const job = bench.runner.add(newKeyOf(bench, 'a', 2, () => new Promise((resolve) => (end = resolve))));
    await until(() => bench.started.length === 2);
    bench.clock.nowMs = BOUNDS.keptMs;
    expect(bench.jobs.find(job.id, 'a')).toBeUndefined();
    end(ANSWER);
    await sleep(10);
    expect([bench.jobs.numBytes, bench.jobs.hasOpenItems, bench.done]).toEqual([0, false, []]);
    expect(() => [...job.entries()]).toThrow('are kept no longer');
  });
});

describe('BatchJobs', () => {
  it('shows a job to its owner alone, until it is old', () => {
    const bench = createBench();
    const job = bench.jobs.add(newKeyOf(bench, 'a', 1));
    expect(bench.jobs.find(job.id, 'a')).toBe(job);
    expect(bench.jobs.find(job.id, 'b')).toBeUndefined();
    bench.clock.nowMs = BOUNDS.keptMs - 1;
    expect(bench.jobs.find(job.id, 'a')).toBe(job);
    bench.clock.nowMs++;
    expect(bench.jobs.find(job.id, 'a')).toBeUndefined();
    expect(bench.jobs.size).toBe(0);
  });

  it('keeps no owner out for the open jobs of another', () => {
    const bench = createBench();
    const full = 'there is no room for another job';
    for (let i = 0; i < BOUNDS.maxOpenJobs; i++) bench.jobs.add(newKeyOf(bench, 'a', 1));
    expect(() => bench.jobs.add(newKeyOf(bench, 'a', 1))).toThrow(full);
    bench.jobs.add(newKeyOf(bench, 'b', 1));
    bench.jobs.add(newKeyOf(bench, 'b', 1));
    expect(() => bench.jobs.add(newKeyOf(bench, 'b', 1))).toThrow(full);
    expect(() => bench.jobs.add(newKeyOf(bench, 'c', 1000))).toThrow(full);
  });

  it('lets jobs of the address that holds most give way, what was fetched first', async () => {
    const bench = createBench({ ...BOUNDS, maxOpenJobs: 1000 });
    const answer = { ...ANSWER, entry: `"${'x'.repeat(1000)}"` };
    const add = async (ownerId: string): Promise<BatchJob> => {
      const job = bench.runner.add(newKeyOf(bench, ownerId, 1, () => Promise.resolve(answer)));
      await until(isDone(job));
      return job;
    };
    const has = ({ id, ownerId }: BatchJob): boolean => bench.jobs.find(id, ownerId) !== undefined;
    const mine = await add('1.1.1.1/');
    const theirs: BatchJob[] = [];
    for (let i = 0; i < 10; i++) theirs.push(await add('2.2.2.2/key'));
    const fetched = theirs.slice(6);
    for (const job of fetched) bench.jobs.markFetched(job);
    for (let i = 0; i < 50 && fetched.every(has); i++) await add('2.2.2.2/key');
    expect(fetched.map(has)).toContain(false);
    expect(theirs.slice(0, 6).every(has)).toBe(true);
    for (let i = 0; i < 60; i++) await add(`2.2.2.2/key${i}`);
    expect(theirs.some(has)).toBe(false);
    expect(has(mine)).toBe(true);
    expect(bench.jobs.numBytes).toBeLessThanOrEqual(BOUNDS.maxAnswerBytes);
  });
});
