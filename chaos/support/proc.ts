import { readdirSync, readFileSync } from 'node:fs';

/** What Linux tells of a process (proc(5)). A process that is gone has no memory, files or children. */

const PAGE_BYTES = 4096;

function read(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** A zombie is dead: it only waits for its parent to read its exit code. */
export function isAlive(pid: number): boolean {
  const state = /^State:\s+(\w)/m.exec(read(pid, 'status'))?.[1];
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/** Resident memory of one process, shared pages included. */
export function residentBytes(pid: number): number {
  return Number(read(pid, 'statm').split(' ')[1] ?? 0) * PAGE_BYTES;
}

/** The programs of the service's children, by the name of their file. */
export const WORKERS = [
  'engine-worker',
  'tokenizer-worker',
  'chat-template-worker',
  'grammar-worker',
  'vectors-worker',
  'markdown-worker',
];

/** Resident memory of the service's processes by program; `tree` as `treeOf` gives it. */
export function residentByProgram(tree: readonly number[]): Record<string, number> {
  const bytes: Record<string, number> = {};
  for (const pid of tree) {
    const program = pid === tree[0] ? 'service' : programOf(pid);
    bytes[program] = (bytes[program] ?? 0) + residentBytes(pid);
  }
  return bytes;
}

export function programOf(pid: number): string {
  const command = commandLine(pid);
  return WORKERS.find((name) => command.includes(name)) ?? 'other processes';
}

export function childrenOf(pid: number): number[] {
  return list(`/proc/${pid}/task`).flatMap((thread) =>
    read(pid, `task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  );
}

/** A process and all that descend from it. */
export function treeOf(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(treeOf)];
}

export function numOpenFiles(pid: number): number {
  return list(`/proc/${pid}/fd`).length;
}

export function commandLine(pid: number): string {
  return read(pid, 'cmdline').replaceAll('\0', ' ').trim();
}

export function environmentOf(pid: number): string[] {
  return read(pid, 'environ').split('\0').filter(Boolean);
}

/**
 * How long the main thread was ready to run and had no processor, in milliseconds since it began: the second field of
 * schedstat (sched-stats.rst). 0 where the kernel does not tell.
 */
export const waitedForProcessorMs = (pid: number): number => threadWaitedMs(pid, String(pid));

/** Of its thread that waited for longest, since a step waits for all that compute it; undefined: it is gone. */
export function longestWaitMs(pid: number): number | undefined {
  const threads = list(`/proc/${pid}/task`);
  if (threads.length === 0) return undefined;
  return Math.max(...threads.map((thread) => threadWaitedMs(pid, thread)));
}

function threadWaitedMs(pid: number, thread: string): number {
  const waitedNs = Number(read(pid, `task/${thread}/schedstat`).split(' ')[1] ?? 0);
  return Number.isFinite(waitedNs) ? waitedNs / 1e6 : 0;
}
