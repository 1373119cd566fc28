import type { IncomingMessage } from 'node:http';

/** As many chunks may be of any size. */
const FREE_CHUNKS = 8192;
/** Bytes that chunks beyond those have at least, on average. */
const MIN_MEAN_BYTES = 32;

/** Whether so many chunks for so few bytes are an attack: each costs the thread as much as a kilobyte. */
export const isTooFragmented = (numChunks: number, numBytes: number): boolean =>
  numChunks > FREE_CHUNKS + numBytes / MIN_MEAN_BYTES;

/**
 * Closes a connection whose body comes in very small chunks. Node's parser makes a call for each chunk, so that a body
 * within BODY_LIMIT could take a second of the thread.
 */
export function guardChunks(incoming: IncomingMessage): void {
  if (incoming.headers['transfer-encoding'] === undefined) return;
  let numChunks = 0;
  let numBytes = 0;
  const push = incoming.push.bind(incoming);
  incoming.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
    if (chunk === null) return push(null);
    numBytes += chunk.length;
    if (!isTooFragmented(++numChunks, numBytes)) return push(chunk, encoding);
    // What is left of the piece still comes, and is not looked at.
    if (!incoming.destroyed) incoming.destroy();
    return false;
  };
}
