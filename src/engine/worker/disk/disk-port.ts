import { startSiblingThread } from '../../../process/sibling-thread.ts';
import type { DiskThreadData, FromDisk, ToDisk } from './disk-protocol.ts';

/** The way to the thread of the disk. */
export interface DiskPort {
  send(message: ToDisk): void;
  /** Resolves when all that was sent is done and the thread has ended, or after so long. */
  close(timeoutMs: number): Promise<void>;
}

/** Beside the heap of the engine, in MiB. Pages are not in it. */
const THREAD_HEAP = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 8 };

/**
 * Starts the thread of the disk, which holds no process.
 * @param onEnd the thread is gone, and was not told to
 */
export function openDiskPort(
  data: DiskThreadData,
  onMessage: (message: FromDisk) => void,
  onEnd: (reason: string) => void,
): DiskPort {
  const thread = startSiblingThread(import.meta.url, 'disk-thread', {
    workerData: data,
    resourceLimits: THREAD_HEAP,
  });
  let isClosing = false;
  let reason = 'its thread ended';
  thread.on('message', onMessage);
  thread.on('error', (error) => (reason = String(error)));
  const ended = new Promise<void>((resolve) => {
    thread.once('exit', () => {
      if (!isClosing) onEnd(reason);
      resolve();
    });
  });
  thread.unref();
  return {
    send: (message) => thread.postMessage(message, 'bytes' in message ? [message.bytes.buffer] : []),
    close: async (timeoutMs) => {
      isClosing = true;
      thread.postMessage({ type: 'close' } satisfies ToDisk);
      let timer: NodeJS.Timeout | undefined;
      // A disk that does not answer is not waited for.
      await Promise.race([ended, new Promise((resolve) => (timer = setTimeout(resolve, timeoutMs)))]);
      clearTimeout(timer);
    },
  };
}
