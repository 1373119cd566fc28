import { readdir, readFile } from 'node:fs/promises';
import { processTree } from './process-tree.ts';

/** The time that one thread has run on a processor, user and system. */
export interface ThreadTime {
  pid: number;
  threadId: number;
  ns: number;
}

/**
 * Of every thread of a process and of all that descend from it, exact to the nanosecond, where ticks of 10 ms would say
 * nothing of an idle process.
 *
 * @returns `undefined` where no Linux tells (it needs CONFIG_SCHED_INFO), or there is no such process
 */
export async function readThreadTimes(pid: number): Promise<ThreadTime[] | undefined> {
  const threads = (await Promise.all((await processTree(pid)).map(readThreadsOf))).flat();
  return threads.length === 0 ? undefined : threads;
}

async function readThreadsOf(pid: number): Promise<ThreadTime[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const times = await Promise.all(
    threads.map(async (thread): Promise<ThreadTime[]> => {
      const ns = runNsIn(await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => ''));
      // One that ended meanwhile has no file any more.
      return ns === undefined ? [] : [{ pid, threadId: Number(thread), ns }];
    }),
  );
  return times.flat();
}

/** First of three fields: time on the processor, time of waiting for it, and how often it ran (sched-stats.rst). */
export function runNsIn(schedstat: string): number | undefined {
  const [ns = ''] = schedstat.split(' ');
  return /^\d+$/.test(ns) ? Number(ns) : undefined;
}

/**
 * What each process ran between two readings, in nanoseconds. A thread that began meanwhile counts from its beginning;
 * what one did that ended meanwhile is not known.
 */
export function runNsByProcess(
  before: readonly ThreadTime[],
  after: readonly ThreadTime[],
): Map<number, number> {
  const earlier = new Map(before.map(({ threadId, ns }) => [threadId, ns]));
  const byProcess = new Map<number, number>();
  for (const { pid, threadId, ns } of after) {
    byProcess.set(pid, (byProcess.get(pid) ?? 0) + ns - (earlier.get(threadId) ?? 0));
  }
  return byProcess;
}
