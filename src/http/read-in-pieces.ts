import type { Socket } from 'node:net';
import { assertInvariant } from '../errors.ts';

/** One read of a socket has up to 64 KiB. */
const PIECE_BYTES = 8192;
/** Of a body of a megabyte a piece takes some hundredths of a millisecond. */
const SLOW_PIECE_MS = 0.5;
/** What may wait for a connection whose pieces are slow; with more it is broken off. */
const MAX_WAITING_BYTES = 262_144;

/**
 * Gives Node's HTTP parser what a socket reads in pieces. It calls for every request and every chunk of a body, thousands
 * in a read of an attacker's, and nobody could stop it before the read is through. What follows a piece that took long
 * waits for the next turn of the event loop, so that other connections have theirs. To be called once the server has
 * taken the connection up.
 */
export function readInPieces(socket: Socket): void {
  const listeners = socket.listeners('data');
  const [parse] = listeners;
  assertInvariant(listeners.length === 1 && parse !== undefined, 'the parser alone reads a new connection');
  const waiting: Buffer[] = [];
  let waitingBytes = 0;
  const goOn = (): void => {
    for (;;) {
      const [piece] = waiting;
      if (piece === undefined || socket.destroyed) return;
      waiting.shift();
      waitingBytes -= piece.length;
      const startedAt = performance.now();
      parse.call(socket, piece);
      if (performance.now() - startedAt >= SLOW_PIECE_MS && waiting.length > 0) {
        setImmediate(goOn);
        return;
      }
    }
  };
  socket.removeAllListeners('data');
  socket.on('data', (bytes: Buffer) => {
    const isWaiting = waiting.length > 0;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) waiting.push(bytes.subarray(at, at + PIECE_BYTES));
    waitingBytes += bytes.length;
    if (!isWaiting) goOn();
    else if (waitingBytes > MAX_WAITING_BYTES) socket.destroy();
  });
}
