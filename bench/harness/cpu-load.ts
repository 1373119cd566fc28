import { readFile } from 'node:fs/promises';
import { cpus, type CpuInfo } from 'node:os';
import { processTree } from './process-tree.ts';

/** What the cores did since the machine started, in milliseconds of one core. */
export interface CpuReading {
  /** All cores, idle or not. */
  totalMs: number;
  /** At work for any process. */
  busyMs: number;
  /** At work for the benchmark and the processes that it started. */
  ownMs: number;
}

/** Of proc_pid_stat(5): 100 a second on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

export async function readCpu(): Promise<CpuReading> {
  const { totalMs, busyMs } = sumCores(cpus());
  const own = await Promise.all((await processTree(process.pid)).map(readProcessMs));
  return { totalMs, busyMs, ownMs: own.reduce((sum, ms) => sum + ms, 0) };
}

export function sumCores(cores: readonly Pick<CpuInfo, 'times'>[]): Omit<CpuReading, 'ownMs'> {
  const totalMs = cores.flatMap(({ times }) => Object.values(times)).reduce((sum, ms) => sum + ms, 0);
  const idleMs = cores.reduce((sum, { times }) => sum + times.idle, 0);
  return { totalMs, busyMs: totalMs - idleMs };
}

/**
 * What part of the cores others than the benchmark took between two readings, from 0 to 1.
 *
 * @returns `undefined` when the clock of the cores did not move
 */
export function shareOfOthers(before: CpuReading, after: CpuReading): number | undefined {
  const totalMs = after.totalMs - before.totalMs;
  if (totalMs <= 0) return undefined;
  // The two clocks tick apart, so a machine that is ours alone may read a little below 0.
  const othersMs = after.busyMs - before.busyMs - (after.ownMs - before.ownMs);
  return Math.max(othersMs / totalMs, 0);
}

/** User and system time of one process, in milliseconds; 0 where there is no Linux to ask: then all work is others'. */
async function readProcessMs(pid: number): Promise<number> {
  return processMsIn(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''));
}

/** Fields 14 and 15; the second is a name in parentheses that may hold spaces and parentheses. */
export function processMsIn(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  return (ticks * 1000) / TICKS_PER_SECOND;
}
