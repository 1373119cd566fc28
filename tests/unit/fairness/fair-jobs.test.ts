import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairJobs } from '../../../src/fairness/fair-capacity.ts';

interface Job {
  clientId: string;
  name: string;
}

/** Jobs of `a/1` are named `a/1.0`, `a/1.1` and so on. */
function jobsOf(clientId: string, count: number): Job[] {
  return Array.from({ length: count }, (_, i) => ({ clientId, name: `${clientId}.${i}` }));
}

function addAll(jobs: FairJobs<Job>, list: readonly Job[]): void {
  for (const job of list) jobs.add(job);
}

/** The names of all that wait, in turn; each takes so many milliseconds. */
function runAll(jobs: FairJobs<Job>, durationMs = 1): string[] {
  const names: string[] = [];
  for (let job = jobs.next(); job !== undefined; job = jobs.next()) {
    names.push(job.name);
    jobs.finish(job, durationMs);
  }
  return names;
}

describe('FairJobs', () => {
  it('serves one client in the order in which it came', () => {
    const jobs = new FairJobs<Job>();
    addAll(jobs, jobsOf('a/1', 3));
    expect(runAll(jobs)).toEqual(['a/1.0', 'a/1.1', 'a/1.2']);
    expect(jobs.isEmpty).toBe(true);
  });

  it('passes over groups that may have no turn', () => {
    const jobs = new FairJobs<Job>();
    addAll(jobs, [...jobsOf('a/1', 2), ...jobsOf('b/1', 1)]);
    expect(jobs.next((group) => group !== 'a')?.name).toBe('b/1.0');
    expect(jobs.next((group) => group !== 'a')).toBeUndefined();
    expect(jobs.next()?.name).toBe('a/1.0');
  });

  it('gives the groups turns, however many members one has, and its members turns within', () => {
    const jobs = new FairJobs<Job>();
    addAll(jobs, jobsOf('a/1', 4));
    addAll(jobs, jobsOf('a/2', 2));
    addAll(jobs, jobsOf('b/1', 3));
    expect(runAll(jobs)).toEqual([
      'a/1.0',
      'b/1.0',
      'a/2.0',
      'b/1.1',
      'a/1.1',
      'b/1.2',
      'a/2.1',
      'a/1.2',
      'a/1.3',
    ]);
  });

  it('serves a newcomer next, behind 200 slow jobs of 200 members of a group', () => {
    const jobs = new FairJobs<Job>();
    for (let i = 0; i < 200; i++) addAll(jobs, jobsOf(`a/${i}`, 1));
    const running = jobs.next();
    addAll(jobs, jobsOf('b/1', 1));
    if (running !== undefined) jobs.finish(running, 2000);
    expect(runAll(jobs, 2000)[0]).toBe('b/1.0');
  });

  it('counts what jobs took: quick ones go on while another group pays for a slow one', () => {
    const jobs = new FairJobs<Job>();
    addAll(jobs, jobsOf('slow/1', 2));
    const slow = jobs.next();
    addAll(jobs, jobsOf('quick/1', 5));
    if (slow !== undefined) jobs.finish(slow, 1000);
    const names = runAll(jobs, 10);
    expect(names.indexOf('slow/1.1')).toBe(5);
  });

  it('takes out a job that waits, and no other', () => {
    const jobs = new FairJobs<Job>();
    const list = jobsOf('a/1', 3);
    addAll(jobs, list);
    const [first, second] = list;
    expect(jobs.next()).toBe(first);
    if (first === undefined || second === undefined) throw new Error('there are three');
    expect([jobs.remove(first), jobs.remove(second), jobs.remove(second)]).toEqual([false, true, false]);
    jobs.finish(first, 1);
    expect(runAll(jobs)).toEqual(['a/1.2']);
  });

  it('loses none and serves none twice, whatever comes and goes', () => {
    const client = fc.constantFrom('a/1', 'a/2', 'b/1', 'c', '');
    const action = fc.oneof(
      fc.record({ type: fc.constant('add' as const), clientId: client }),
      fc.record({ type: fc.constant('remove' as const), index: fc.nat(20) }),
      fc.record({ type: fc.constant('serve' as const), durationMs: fc.nat(100) }),
    );
    fc.assert(
      fc.property(fc.array(action), (actions) => {
        const jobs = new FairJobs<Job>();
        const waiting = new Set<Job>();
        for (const [i, it] of actions.entries()) {
          if (it.type === 'add') {
            const job = { clientId: it.clientId, name: String(i) };
            waiting.add(job);
            jobs.add(job);
          } else if (it.type === 'remove') {
            const job = [...waiting][it.index];
            if (job !== undefined) expect(jobs.remove(job)).toBe(waiting.delete(job));
          } else {
            const job = jobs.next();
            expect(job === undefined).toBe(waiting.size === 0);
            if (job === undefined) continue;
            expect(waiting.delete(job)).toBe(true);
            jobs.finish(job, it.durationMs);
          }
        }
        expect(new Set(runAll(jobs))).toEqual(new Set([...waiting].map(({ name }) => name)));
      }),
    );
  });
});
