import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readInPieces } from '../../../../src/http/edge/read-in-pieces.ts';
import { ReadQueue } from '../../../../src/http/edge/read-queue.ts';

const PIECE_BYTES = 4096;

/** A socket with a parser on it, as Node's server has it. */
function parsed(
  parse: (bytes: Buffer, socket: Duplex) => void,
  { turns = new ReadQueue(), onEnd = (): void => undefined } = {},
): Duplex {
  const socket = new Duplex({ read: () => undefined, write: (_bytes, _encoding, done) => done() });
  socket.on('data', (bytes: Buffer) => parse(bytes, socket));
  socket.on('end', onEnd);
  readInPieces(socket, 'a', turns, () => undefined);
  return socket;
}

/** Turns of a thread that is never idle, by a clock that goes on when it is told to: no test depends on the machine. */
function turnsByHand(): { turns: ReadQueue; pass(ms: number): void } {
  let nowMs = 0;
  const turns = new ReadQueue(
    () => nowMs,
    () => 0,
  );
  return { turns, pass: (ms) => (nowMs += ms) };
}

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
    const { turns, pass } = turnsByHand();
    const parseSlowly = (): void => {
      log.push('slow');
      pass(2);
    };
    const slow = parsed(parseSlowly, { turns });
    const quick = parsed(() => log.push('quick'), { turns });
    slow.push(Buffer.alloc(16 * PIECE_BYTES));
    await nextTurn();
    quick.push(Buffer.alloc(1));
    while (log.length < 17) await nextTurn();
    expect(log.filter((entry) => entry === 'slow')).toHaveLength(16);
    // Behind the slow pieces of a turn or two, and not behind all.
    expect(log.indexOf('quick')).toBeLessThan(8);
  });

  it('is all parsed although more comes than may wait', async () => {
    let numBytes = 0;
    const { turns, pass } = turnsByHand();
    const parseSlowly = (bytes: Buffer): void => {
      numBytes += bytes.length;
      pass(1);
    };
    const socket = parsed(parseSlowly, { turns });
    for (let i = 0; i < 8; i++) socket.push(Buffer.alloc(65_536));
    await nextTurn();
    expect(socket.isPaused()).toBe(true);
    while (numBytes < 8 * 65_536) await nextTurn();
    await nextTurn();
    expect(socket.isPaused()).toBe(false);
  });

  it('ends after what waits for its turn', async () => {
    let nowMs = 0;
    const busy = new ReadQueue(
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
