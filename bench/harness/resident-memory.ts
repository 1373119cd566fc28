import { readFile } from 'node:fs/promises';
import { processTree } from './process-tree.ts';

/**
 * Resident memory of a process and all that descend from it, in bytes; pages that several of them share count once.
 *
 * @returns `undefined` where there is no Linux to ask, or no such process
 */
export async function residentBytesOf(pid: number): Promise<number | undefined> {
  const [own, ...children] = await Promise.all((await processTree(pid)).map(readProportionalSetSize));
  if (own === undefined) return undefined;
  return children.reduce<number>((sum, size) => sum + (size ?? 0), own);
}

/** `Pss` of proc_pid_smaps(5): each shared page divided by the number of processes that map it. */
async function readProportionalSetSize(pid: number): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  const kib = /^Pss:\s+(\d+) kB$/m.exec(text)?.[1];
  return kib === undefined ? undefined : Number(kib) * 1024;
}
