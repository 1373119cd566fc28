import type { Duplex } from 'node:stream';
import { assertInvariant } from '../errors.ts';
import type { ReadTurns } from './read-turns.ts';

/** One read of a socket has up to 64 KiB. */
const PIECE_BYTES = 4096;
/** Of a body of a megabyte a piece takes some hundredths of a millisecond. */
const SLOW_PIECE_MS = 0.3;
/** With so much waiting the socket is read no further. */
const MAX_WAITING_BYTES = 65_536;

/**
 * Gives Node's HTTP parser what a socket reads in pieces. It calls for every request and every chunk of a body, thousands
 * in a read of an attacker's, and nobody could stop it before the read is through. What follows a piece that took long
 * waits for its turn. To be called once the server has taken the connection up.
 */
export function readInPieces(socket: Duplex, network: string, turns: ReadTurns): void {
  const listeners = socket.listeners('data');
  const [parse] = listeners;
  assertInvariant(listeners.length === 1 && parse !== undefined, 'the parser alone reads a new connection');
  const waiting: Buffer[] = [];
  let waitingBytes = 0;
  let isStopped = false;
  const goOn = (): void => {
    while (!socket.destroyed) {
      const piece = waiting.shift();
      if (piece === undefined) break;
      waitingBytes -= piece.length;
      const startedAt = performance.now();
      parse.call(socket, piece);
      if (waiting.length > 0 && performance.now() - startedAt >= SLOW_PIECE_MS) {
        turns.wait(network, goOn);
        return;
      }
    }
    if (isStopped) socket.resume();
    isStopped = false;
  };
  socket.removeAllListeners('data');
  socket.on('data', (bytes: Buffer) => {
    const isWaiting = waiting.length > 0;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) waiting.push(bytes.subarray(at, at + PIECE_BYTES));
    waitingBytes += bytes.length;
    if (!isWaiting && turns.mayGoOn()) goOn();
    else if (!isWaiting) turns.wait(network, goOn);
    if (waitingBytes <= MAX_WAITING_BYTES) return;
    isStopped = true;
    socket.pause();
  });
}
