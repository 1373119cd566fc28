import type { RunningRequest } from './running-requests.ts';
import { createRequire } from 'node:module';
import type * as Wasi from 'node:wasi';

/**
 * For how long the main thread has owed an answer. It counts what the watching thread sees pass: a look that comes late
 * adds no more than two intervals, so that time in which the whole process stood still (SIGSTOP, a machine that sleeps, a
 * container that is paused) counts for nothing.
 */
export class Silence {
  readonly #intervalMs: number;
  #lookedAt: number;
  #silentMs = 0;

  constructor(intervalMs: number, nowMs: number) {
    this.#intervalMs = intervalMs;
    this.#lookedAt = nowMs;
  }

  /** @param hasAnswered since the last look at which it had */
  look(nowMs: number, hasAnswered: boolean): number {
    const passedMs = Math.min(nowMs - this.#lookedAt, 2 * this.#intervalMs);
    this.#lookedAt = nowMs;
    this.#silentMs = hasAnswered ? 0 : this.#silentMs + passedMs;
    return this.#silentMs;
  }
}

/** A function that had not returned. */
export interface Frame {
  function: string;
  /** `dist/chunks/chunk-4SDVF2NS.js:70`. */
  location: string;
}

export interface Hang {
  silentMs: number;
  exitCode: number;
  /** Innermost first; undefined where the main thread could not be stopped. */
  stack: readonly Frame[] | undefined;
  numOpen: number;
  requests: readonly RunningRequest[];
  residentBytes: number;
  uptimeSeconds: number;
}

/** Of requests; those whose phase began before them are unlikely to be what runs. */
const MAX_REQUESTS = 32;

/** The line that the log gets of a process that is about to be ended: ids, lengths and locations, no text of a client. */
export function hangLine(hang: Hang, time: Date): string {
  const { stack, numOpen, requests, exitCode } = hang;
  const seconds = (hang.silentMs / 1000).toFixed(1);
  return `${JSON.stringify({
    level: 60,
    time: time.toISOString(),
    exitCode,
    stack: stack ?? 'the main thread could not be stopped, as in native code',
    openRequests: numOpen,
    requests: requests.slice(0, MAX_REQUESTS),
    residentMb: Math.round(hang.residentBytes / 2 ** 20),
    uptimeSeconds: Math.round(hang.uptimeSeconds),
    msg: `the event loop has not turned for ${seconds} s (LOOP_TIMEOUT): the process is ended`,
  })}\n`;
}

/** (module (memory (export "memory") 1)): WASI wants an instance with a memory. */
const MODULE = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x05, 0x03, 0x01, 0x00, 0x01],
  ...[0x07, 0x0a, 0x01, 0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x00],
]);

/**
 * C's `exit`, by WASI's `proc_exit`. `process.exit` ends only the thread in a worker, and in the main thread it first ends
 * the workers and waits for the threads that read and write files, one of which may never return. A signal has no code of
 * its own, and does not end process 1 of a container.
 *
 * @throws where Node has no WASI
 */
export function exitNow(code: number): void {
  const { WASI } = createRequire(import.meta.url)('node:wasi') as typeof Wasi;
  const wasi = new WASI({ version: 'preview1', returnOnExit: false });
  wasi.initialize(new WebAssembly.Instance(new WebAssembly.Module(MODULE), {}));
  const { proc_exit: exit } = wasi.wasiImport as { proc_exit: (code: number) => void };
  exit(code);
}
