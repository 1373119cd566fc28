import type { Duplex } from 'node:stream';
import { assertInvariant } from '../../errors.ts';
import type { ReadQueue } from './read-queue.ts';

/** One read of a socket has up to 64 KiB. */
const PIECE_BYTES = 4096;
/** Of a body of a megabyte a piece takes some hundredths of a millisecond. */
const SLOW_PIECE_MS = 0.3;

/**
 * Gives Node's HTTP parser what a socket reads in pieces. The parser calls for every request and every chunk of a body;
 * a read of an attacker has thousands of them, and cannot be stopped half way. After a slow piece the rest waits for its
 * turn. The socket is not read meanwhile, and the parser hears of its end after what waits.
 *
 * To be called once Node's server listens to the socket, which is paused: while others wait, it is not read before its
 * turn either.
 *
 * @param onEnd called when the client has sent all that it will send, and the parser has it
 */
export function readInPieces(socket: Duplex, network: string, queue: ReadQueue, onEnd: () => void): void {
  const parse = takeListener(socket, 'data');
  const endParse = takeListener(socket, 'end');
  const pieces: Buffer[] = [];
  let isWaiting = false;
  let hasEnded = false;
  let mayRead = false;
  const wait = (): void => {
    isWaiting = true;
    socket.pause();
    queue.wait(network, goOn);
  };
  const goOn = (): void => {
    while (!socket.destroyed) {
      const piece = pieces.shift();
      if (piece === undefined) break;
      const startedAt = queue.now();
      parse(piece);
      if (pieces.length > 0 && queue.now() - startedAt >= SLOW_PIECE_MS) {
        wait();
        return;
      }
    }
    if (socket.destroyed) return;
    if (isWaiting) socket.resume();
    isWaiting = false;
    if (hasEnded) end();
  };
  const end = (): void => {
    if (socket.destroyed) return;
    endParse();
    onEnd();
  };
  socket.on('data', (bytes: Buffer) => {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) pieces.push(bytes.subarray(at, at + PIECE_BYTES));
    // Node goes on to read as soon as the body before is read.
    if (mayRead) queue.begun();
    if (isWaiting) socket.pause();
    else if (mayRead || queue.mayGoOn()) goOn();
    else wait();
    mayRead = false;
  });
  socket.once('end', () => {
    hasEnded = true;
    if (isWaiting) return;
    // Hundreds may hang up at once.
    if (queue.mayGoOn()) end();
    else queue.wait(network, end);
  });
  const begin = (): void => {
    mayRead = true;
    socket.resume();
  };
  if (queue.mayGoOn()) begin();
  else queue.waitToBegin(network, begin);
}

/** The listener that Node's server has added to the socket, its latest. It is taken off. */
function takeListener(socket: Duplex, event: 'data' | 'end'): (...args: unknown[]) => void {
  const listener = socket.listeners(event).at(-1);
  assertInvariant(listener !== undefined, `Node's HTTP server listens to '${event}' of a new connection`);
  const bound = listener as (...args: unknown[]) => void;
  socket.off(event, bound);
  return bound.bind(socket);
}
