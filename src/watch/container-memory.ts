import { readFileSync } from 'node:fs';

/** What the processes of a container take of the memory that it has. */
export interface ContainerMemory {
  limitBytes: number;
  /** Of all its processes: what is no copy of a file. */
  usedBytes: number;
  /** Of this process. */
  ownBytes: number;
}

/** Where a control group tells of its memory (cgroups(7)): its limit, and its statistics with the name of what counts. */
interface Group {
  limit: string;
  statistics: string;
  used: RegExp;
}

/** A limit beyond this is none: version 1 has the largest number of pages. */
const MOST_BYTES = 2 ** 53;

/**
 * Reads what this process's container takes and may take; undefined where there is no limit, or no Linux. Copies of files
 * (weights that are mapped) do not count: the kernel drops them before it ends a process.
 */
export function openContainerMemory(): (() => ContainerMemory | undefined) | undefined {
  const group = groupsOf(read('/proc/self/cgroup')).find(({ limit }) => limitOf(limit) !== undefined);
  if (group === undefined) return undefined;
  return () => {
    const limitBytes = limitOf(group.limit);
    const usedBytes = Number(group.used.exec(read(group.statistics))?.[1]);
    const ownBytes = Number(/^RssAnon:\s+(\d+)/m.exec(read('/proc/self/status'))?.[1]) * 1024;
    if (limitBytes === undefined || Number.isNaN(usedBytes + ownBytes)) return undefined;
    return { limitBytes, usedBytes, ownBytes };
  };
}

/** The group's own folder where the host's hierarchy is seen; within a container its folder is the root. */
function groupsOf(cgroup: string): Group[] {
  const own = /^0::(.*)$/m.exec(cgroup)?.[1] ?? '/';
  const ownOfMemory = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(cgroup)?.[1] ?? '/';
  return [
    ...[`/sys/fs/cgroup${own}`, '/sys/fs/cgroup'].map((folder) => ({
      limit: `${folder}/memory.max`,
      statistics: `${folder}/memory.stat`,
      used: /^anon (\d+)$/m,
    })),
    ...[`/sys/fs/cgroup/memory${ownOfMemory}`, '/sys/fs/cgroup/memory'].map((folder) => ({
      limit: `${folder}/memory.limit_in_bytes`,
      statistics: `${folder}/memory.stat`,
      used: /^total_rss (\d+)$/m,
    })),
  ];
}

/** `max` is no number. */
function limitOf(path: string): number | undefined {
  const bytes = Number(read(path) || NaN);
  return bytes > 0 && bytes < MOST_BYTES ? bytes : undefined;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
