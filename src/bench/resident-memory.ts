import { readdir, readFile } from 'node:fs/promises';

/**
 * Resident memory of a process and all that descend from it, in bytes; pages that several of them share count once.
 *
 * @returns `undefined` where there is no Linux to ask, or no such process
 */
export async function residentBytesOf(pid: number): Promise<number | undefined> {
  const own = await readProportionalSetSize(pid);
  if (own === undefined) return undefined;
  const children = await readChildren(pid);
  const sizes = await Promise.all(children.map(residentBytesOf));
  return sizes.reduce<number>((sum, size) => sum + (size ?? 0), own);
}

/** `Pss` of proc_pid_smaps(5): each shared page divided by the number of processes that map it. */
async function readProportionalSetSize(pid: number): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  const kib = /^Pss:\s+(\d+) kB$/m.exec(text)?.[1];
  return kib === undefined ? undefined : Number(kib) * 1024;
}

/** A child belongs to the thread that started it. */
async function readChildren(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
}
