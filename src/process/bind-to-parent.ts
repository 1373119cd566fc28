import { spawnSync } from 'node:child_process';
import { standardError, standardOutput } from './standard-streams.ts';

/** util-linux's tool that asks the kernel to kill a process when the one that started it is gone (prctl(2)). */
const BINDER = ['setpriv', '--pdeathsig', 'KILL'] as const;

let works: boolean | undefined;

/** Whether the kernel can be asked: on Linux with util-linux 2.33 or newer. */
export function canBindToParent(): boolean {
  if (works !== undefined) return works;
  const [program, ...flags] = BINDER;
  works =
    process.platform === 'linux' &&
    spawnSync(program, [...flags, program, '--version'], { stdio: 'ignore', timeout: 5000 }).status === 0;
  return works;
}

/**
 * A command that the kernel kills when the thread that started it ends, whatever either is doing then; the command as
 * it is where the kernel cannot be asked. The process keeps its id and its arguments.
 */
export function bindToParent(
  command: readonly [program: string, ...args: string[]],
): [program: string, ...args: string[]] {
  return canBindToParent() ? [...BINDER, ...command] : [...command];
}

/** What is written by then is written. */
const FLUSH_LIMIT_MS = 1000;

/** Ends the process once the last lines are written, within a second. */
export async function exitProcess(code: number): Promise<void> {
  await Promise.all([standardOutput.flush(FLUSH_LIMIT_MS), standardError.flush(FLUSH_LIMIT_MS)]);
  exitProcessAtOnce(code);
}

/** Ends the process now; lines that are not written are lost. */
export function exitProcessAtOnce(code: number): void {
  // Node's exit waits for the threads that write files. One may never return: a terminal that is paused, a dead server
  // behind a file system. The exit code is lost then.
  if (standardOutput.isInFile || standardError.isInFile) process.kill(process.pid, 'SIGKILL');
  process.exit(code);
}
