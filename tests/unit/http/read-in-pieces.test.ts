import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readInPieces } from '../../../src/http/read-in-pieces.ts';
import { ReadTurns } from '../../../src/http/read-turns.ts';

const PIECE_BYTES = 4096;

/** A socket with a parser on it, as Node's server has it. */
function parsed(
  parse: (bytes: Buffer, socket: Duplex) => void,
  { turns = new ReadTurns(), onEnd = (): void => undefined } = {},
): Duplex {
  const socket = new Duplex({ read: () => undefined, write: (_bytes, _encoding, done) => done() });
  socket.on('data', (bytes: Buffer) => parse(bytes, socket));
  socket.on('end', onEnd);
  readInPieces(socket, 'a', turns, () => undefined);
  return socket;
}

const hold = (ms: number): void => {
  const endsAt = performance.now() + ms;
  while (performance.now() < endsAt);
};
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('what a socket reads', () => {
  it('comes in pieces, whole and in order', async () => {
    const pieces: Buffer[] = [];
    const socket = parsed((bytes) => pieces.push(Buffer.from(bytes)));
    const sent = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
    socket.push(sent.subarray(0, 65_536));
    socket.push(sent.subarray(65_536));
    while (Buffer.concat(pieces).length < sent.length) await nextTurn();
    expect(Buffer.concat(pieces).equals(sent)).toBe(true);
    expect(Math.max(...pieces.map(({ length }) => length))).toBe(PIECE_BYTES);
  });

  it('leaves other connections their turn where a piece takes long', async () => {
    const log: string[] = [];
    const slow = parsed(() => {
      log.push('slow');
      hold(2);
    });
    const quick = parsed(() => log.push('quick'));
    slow.push(Buffer.alloc(16 * PIECE_BYTES));
    await nextTurn();
    quick.push(Buffer.alloc(1));
    while (log.filter((entry) => entry === 'slow').length < 16) await nextTurn();
    expect(log.indexOf('quick')).toBeLessThan(log.lastIndexOf('slow'));
  });

  it('is all parsed although more comes than may wait', async () => {
    let numBytes = 0;
    const socket = parsed((bytes) => {
      numBytes += bytes.length;
      hold(1);
    });
    for (let i = 0; i < 8; i++) socket.push(Buffer.alloc(65_536));
    await nextTurn();
    expect(socket.isPaused()).toBe(true);
    while (numBytes < 8 * 65_536) await nextTurn();
    await nextTurn();
    expect(socket.isPaused()).toBe(false);
  });

  it('ends after what waits for its turn', async () => {
    let nowMs = 0;
    const busy = new ReadTurns(
      () => (nowMs += 4),
      () => 0,
    );
    while (busy.mayGoOn());
    const log: string[] = [];
    const socket = parsed(() => log.push('piece'), { turns: busy, onEnd: () => log.push('end') });
    socket.push(Buffer.alloc(10));
    socket.push(null);
    while (!log.includes('end')) await nextTurn();
    expect(log).toEqual(['piece', 'end']);
  });

  it('is parsed no further once the connection is broken off', async () => {
    let numPieces = 0;
    const socket = parsed((_bytes, parsing) => {
      numPieces++;
      parsing.destroy();
    });
    socket.push(Buffer.alloc(10 * PIECE_BYTES));
    await nextTurn();
    expect(numPieces).toBe(1);
  });
});
