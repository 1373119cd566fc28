import { constants, fstatSync, openSync, write } from 'node:fs';
import { Socket } from 'node:net';

/** Text that waits for a slow reader; what comes beyond it is lost. */
const MAX_QUEUED_BYTES = 1 << 20;
/** Most that one write takes. */
const MAX_WRITE_BYTES = 1 << 16;
/** Lines are gathered for so long and written together: a write costs 0.2 ms of the thread, and wakes another. */
const GATHER_MS = 50;
/** A descriptor that another process made non-blocking says so when it is full. */
const RETRY_MS = 100;
const NEWLINE = 0x0a;

type WriteText = (
  bytes: Buffer,
  onWritten: (error: Error | null | undefined, numLeft: number) => void,
) => void;

/**
 * A standard stream that nothing waits for. Lines are written in the background, as many together as came meanwhile. A
 * line that cannot be written is lost and counted: the disk is full, the pipe is closed, or its reader does not read.
 *
 * Not Node's own stream, which blocks the thread on a pipe that is full, and not pino's (sonic-boom), which keeps what
 * it could not write and, at exit, tries again for ever.
 */
export class TextSink {
  readonly #fd: number;
  readonly #maxQueuedBytes: number;
  readonly #queue: Buffer[] = [];
  /** What is being written counts. */
  #queuedBytes = 0;
  #isWriting = false;
  #isScheduled = false;
  #numLinesLost = 0;
  #target: { write: WriteText; blocksThread: boolean } | undefined;
  #onDrained: (() => void)[] = [];

  constructor(fd: number, { maxQueuedBytes = MAX_QUEUED_BYTES }: { maxQueuedBytes?: number } = {}) {
    this.#fd = fd;
    this.#maxQueuedBytes = maxQueuedBytes;
  }

  get numLinesLost(): number {
    return this.#numLinesLost;
  }

  /** A write into a file is under way. Until it returns, Node's `process.exit` does not return either. */
  get isInFile(): boolean {
    return this.#isWriting && this.#target?.blocksThread === true;
  }

  /** Takes whole lines. Never throws, never blocks. */
  write(text: string | Uint8Array): void {
    const bytes = Buffer.from(text);
    if (this.#queuedBytes + bytes.length > this.#maxQueuedBytes) {
      this.#numLinesLost += numLinesOf(bytes);
      return;
    }
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    this.#goOn();
  }

  /** Resolves when all is written or lost, but within `limitMs`. */
  async flush(limitMs: number): Promise<void> {
    if (this.#queuedBytes === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      this.#onDrained.push(() => {
        clearTimeout(timer);
        resolve();
      });
      this.#goOn();
    });
  }

  /** Starts the next write: soon if a few lines may wait for more, at once if there is much or `flush` waits. */
  #goOn(): void {
    if (this.#isWriting) return;
    const mayWait =
      this.#queuedBytes > 0 && this.#queuedBytes < MAX_WRITE_BYTES && this.#onDrained.length === 0;
    if (!mayWait) {
      this.#writeNext();
    } else if (!this.#isScheduled) {
      this.#isScheduled = true;
      setTimeout(() => this.#writeScheduled(), GATHER_MS);
    }
  }

  #writeScheduled(): void {
    this.#isScheduled = false;
    if (!this.#isWriting) this.#writeNext();
  }

  #writeNext(): void {
    const bytes = this.#takeNext();
    if (bytes === undefined) {
      for (const resolve of this.#onDrained.splice(0)) resolve();
      return;
    }
    this.#isWriting = true;
    this.#target ??= openTarget(this.#fd);
    this.#target.write(bytes, (error, numLeft) => {
      this.#isWriting = false;
      this.#queuedBytes -= bytes.length;
      if (error) this.#numLinesLost += numLinesOf(bytes.subarray(bytes.length - numLeft));
      this.#goOn();
    });
  }

  #takeNext(): Buffer | undefined {
    let numBytes = 0;
    const next: Buffer[] = [];
    for (const bytes of this.#queue) {
      if (next.length > 0 && numBytes + bytes.length > MAX_WRITE_BYTES) break;
      next.push(bytes);
      numBytes += bytes.length;
    }
    this.#queue.splice(0, next.length);
    return next.length === 0 ? undefined : Buffer.concat(next);
  }
}

function numLinesOf(bytes: Uint8Array): number {
  return Math.max(
    1,
    bytes.reduce((sum, byte) => sum + (byte === NEWLINE ? 1 : 0), 0),
  );
}

function openTarget(fd: number): { write: WriteText; blocksThread: boolean } {
  return isPipe(fd)
    ? { write: pipeWriter(fd), blocksThread: false }
    : { write: fileWriter(fd), blocksThread: true };
}

function isPipe(fd: number): boolean {
  try {
    const found = fstatSync(fd);
    return found.isFIFO() || found.isSocket();
  } catch {
    return false;
  }
}

/** The event loop writes when the reader has room: no thread waits for it. */
function pipeWriter(fd: number): WriteText {
  const socket = new Socket({ fd: ownDescription(fd), readable: false, writable: true });
  // The callback of the write is told, too.
  socket.on('error', () => undefined);
  return (bytes, onWritten) => {
    socket.write(bytes, (error) => onWritten(error, bytes.length));
  };
}

/**
 * A description of our own for a pipe that others write to, too. Whether writes block is a property of the description, and any process
 * that shares it (a shell, npm, a child) may change it. Where there is none to be had, the shared one is set.
 */
function ownDescription(fd: number): number {
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return fd;
  }
}

/** A thread of libuv's pool writes: a disk, a terminal, a device. */
function fileWriter(fd: number): WriteText {
  const writeFrom = (bytes: Buffer, start: number, onWritten: Parameters<WriteText>[1]): void => {
    write(fd, bytes, start, bytes.length - start, null, (error, numWritten) => {
      if (error?.code === 'EAGAIN') setTimeout(() => writeFrom(bytes, start, onWritten), RETRY_MS);
      else if (error !== null) onWritten(error, bytes.length - start);
      else if (start + numWritten < bytes.length) writeFrom(bytes, start + numWritten, onWritten);
      else onWritten(null, 0);
    });
  };
  return (bytes, onWritten) => writeFrom(bytes, 0, onWritten);
}
