import { standardError, standardOutput } from './standard-streams.ts';

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
