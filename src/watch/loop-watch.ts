import { Worker } from 'node:worker_threads';
import { PACKAGE_ROOT } from '../package-root.ts';
import { siblingProcess } from '../process/sibling-process.ts';
import { exitNow } from './hang.ts';
import type { RunningRequests } from './running-requests.ts';

/** What the thread is told at its start. */
export interface WatchOrder {
  /** For how long the loop may stand still. */
  timeoutMs: number;
  intervalMs: number;
  exitCode: number;
  /** `RunningRequests.shared`. */
  requests: SharedArrayBuffer;
  /** URL of the folder that locations in the code are told from. */
  root: string;
  /** To be emitted on the main thread's `process`: it ends the process with the exit code. */
  endEvent: string;
}

export interface LoopWatchOptions {
  timeoutMs: number;
  /** What the process ends with if the loop stands still. */
  exitCode: number;
  requests: RunningRequests;
  /** The thread ended: nothing watches any more. */
  onError: (error: Error) => void;
}

const END_EVENT = 'tokenflare:end';

/** How often the thread asks while it may count to the timeout. */
const NUM_LOOKS = 20;
/** Beside the heaps of the service, in MiB; it holds next to nothing. */
const THREAD_HEAP = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 };

/**
 * Starts the thread that ends this process if its event loop does not turn for `timeoutMs`. It keeps no process from
 * ending.
 */
export function watchLoop({ timeoutMs, exitCode, requests, onError }: LoopWatchOptions): void {
  const { file, execArgv } = siblingProcess(import.meta.url, 'loop-watch-thread');
  const workerData: WatchOrder = {
    timeoutMs,
    intervalMs: timeoutMs / NUM_LOOKS,
    exitCode,
    requests: requests.shared,
    root: PACKAGE_ROOT.href,
    endEvent: END_EVENT,
  };
  const worker = new Worker(file, {
    workerData,
    execArgv: [...execArgv, '--no-warnings'],
    env: {},
    resourceLimits: THREAD_HEAP,
    name: 'loop-watch',
  });
  worker.on('message', (asked: number) => worker.postMessage(asked));
  worker.on('error', onError);
  worker.unref();
  process.once(END_EVENT, () => {
    // What other listeners do at an exit: children are killed.
    process.emit('exit', exitCode);
    exitNow(exitCode);
  });
}
