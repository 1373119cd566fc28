import { readdir, readFile } from 'node:fs/promises';

/** A process and all that descend from it, as Linux tells; itself alone elsewhere. */
export async function processTree(pid: number): Promise<number[]> {
  const children = await readChildren(pid);
  return [pid, ...(await Promise.all(children.map(processTree))).flat()];
}

/** A child belongs to the thread that started it. */
async function readChildren(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
}
