import { processTree } from './process-tree.ts';
import { readThreadTimes, type ThreadTime } from './processor-time.ts';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../../src/errors.ts';
import { ended, hasEnded, killWithUs } from './child-process.ts';

/** A service in a process of its own, ready for requests. */
export interface ServiceProcess {
  readonly url: string;
  readonly pid: number;
  /** Of the process and its children; what lies on a GPU is not in it. `undefined` where only Linux could tell. */
  residentBytes(): Promise<number | undefined>;
  /** Of the process and its children. `undefined` where only Linux could tell. */
  threadTimes(): Promise<ThreadTime[] | undefined>;
  stop(): Promise<void>;
}

const START_LIMIT_MS = 300_000;
const STOP_LIMIT_MS = 10_000;
const POLL_MS = 20;

/**
 * Starts the compiled service on a free port and waits until its model is loaded.
 *
 * @param checkout its root; what `npm start` runs there is run
 * @param environment settings beside those of this process
 * @param node the binary that runs it
 * @throws EngineError `backend_unavailable` with the last line that the process wrote, when it ends instead
 */
export async function startServiceProcess(
  checkout: string,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
  node = process.execPath,
): Promise<ServiceProcess> {
  const child = spawn(node, startArguments(checkout), {
    env: {
      ...process.env,
      ...environment,
      PORT: '0',
      BENCHMARK_RESULTS: 'memory',
      GATEWAY_LOGS: 'memory',
      LOG_LEVEL: 'error',
      SHUTDOWN_TIMEOUT: '0',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  killWithUs(child);
  try {
    const url = await readUrl(child, AbortSignal.any([signal, AbortSignal.timeout(START_LIMIT_MS)]));
    const { pid = NaN } = child;
    return {
      url,
      pid,
      residentBytes: () => residentBytesOf(pid),
      threadTimes: () => readThreadTimes(pid),
      stop: () => stop(child),
    };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

/** What `npm start` gives Node in a checkout: flags, and the compiled program by its whole path. */
export function startArguments(checkout: string): string[] {
  const text = readFileSync(join(checkout, 'package.json'), 'utf8');
  const { scripts } = JSON.parse(text) as { scripts?: { start?: string } };
  const [, ...words] = (scripts?.start ?? '').split(' ');
  return words.map((word) => (word.startsWith('--') ? word : join(checkout, word)));
}

/** The address from the greeting, which is written when the service is ready. */
async function readUrl(child: ChildProcess, signal: AbortSignal): Promise<string> {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  const closed = once(child, 'close');
  for (;;) {
    const url = / on (http:\S+) /.exec(text)?.[1];
    if (url !== undefined) return url;
    signal.throwIfAborted();
    if (hasEnded(child)) {
      await closed;
      throw new EngineError('backend_unavailable', reasonIn(text));
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** What the service says when it cannot start, without its preface. */
export function reasonIn(stderr: string): string {
  const said = /^tokenflare cannot start: (?:backend_unavailable: )?(.+)$/m.exec(stderr)?.[1];
  return said ?? stderr.trim().split('\n').at(-1) ?? '';
}

async function stop(child: ChildProcess): Promise<void> {
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  child.kill('SIGTERM');
  await ended(child);
  clearTimeout(timer);
}

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
