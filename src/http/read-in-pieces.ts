import type { Duplex } from 'node:stream';
import { assertInvariant } from '../errors.ts';

/** One read of a socket has up to 64 KiB. */
const PIECE_BYTES = 4096;
/** Of a body of a megabyte a piece takes some hundredths of a millisecond. */
const SLOW_PIECE_MS = 0.3;
/** Of each turn of the event loop, for the slow pieces of all connections. */
const SLOW_TURN_MS = 5;
/** With so much waiting for a slow piece, the socket is read no further. */
const MAX_WAITING_BYTES = 65_536;

/**
 * Gives Node's HTTP parser what a socket reads in pieces. It calls for every request and every chunk of a body, thousands
 * in a read of an attacker's, and nobody could stop it before the read is through. What follows a piece that took long
 * waits for the next turn of the event loop, so that other connections have theirs. To be called once the server has
 * taken the connection up.
 */
export function readInPieces(socket: Duplex): void {
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
        takeTurn(goOn);
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
    if (!isWaiting) goOn();
    if (waitingBytes <= MAX_WAITING_BYTES) return;
    isStopped = true;
    socket.pause();
  });
}

/** Connections with a slow piece to go on with, who waits longest first. */
const waitingForTurn: (() => void)[] = [];
let isTurnScheduled = false;

function takeTurn(goOn: () => void): void {
  waitingForTurn.push(goOn);
  if (isTurnScheduled) return;
  isTurnScheduled = true;
  setImmediate(runTurn);
}

function runTurn(): void {
  const startedAt = performance.now();
  while (waitingForTurn.length > 0 && performance.now() - startedAt < SLOW_TURN_MS)
    waitingForTurn.shift()?.();
  isTurnScheduled = waitingForTurn.length > 0;
  if (isTurnScheduled) setImmediate(runTurn);
}
