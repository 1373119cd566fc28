import { parentPort, workerData } from 'node:worker_threads';
import type { DiskThreadData, FromDisk, ToDisk } from './disk-protocol.ts';
import { DiskWork } from './disk-work.ts';

/** The thread that reads and writes the pages of PREFIX_CACHE_DIR: it waits for the disk, and no step does. */

const work = new DiskWork(workerData as DiskThreadData, (answer: FromDisk) => {
  const moved = 'bytes' in answer ? [answer.bytes.buffer] : [];
  parentPort?.postMessage(answer, moved);
});
/** Reads come before what else there is: a request waits for them. */
const reads: ToDisk[] = [];
const others: ToDisk[] = [];
let isRunning = false;

function runNext(): void {
  const message = reads.shift() ?? others.shift();
  isRunning = message !== undefined;
  if (message === undefined) return;
  if (message.type === 'close') {
    parentPort?.close();
    return;
  }
  work.run(message);
  // Messages that came meanwhile arrive between two.
  setImmediate(runNext);
}

parentPort?.on('message', (message: ToDisk) => {
  (message.type === 'read' ? reads : others).push(message);
  if (isRunning) return;
  isRunning = true;
  setImmediate(runNext);
});
