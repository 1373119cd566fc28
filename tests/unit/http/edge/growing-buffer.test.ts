import { describe, expect, it } from 'vitest';
import { GrowingBuffer } from '../../../../src/http/edge/read-body.ts';

/** As long as a body may be here. */
const LIMIT = 2 ** 20;
/** Of the system's memory. */
const PAGE = 2 ** 14;
const ONES = new Uint8Array(LIMIT).fill(1);

describe('GrowingBuffer', () => {
  it.each([LIMIT, 100_000])('holds what came in one-byte pieces, of at most %i', (mostBytes) => {
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
    const buffer = new GrowingBuffer(mostBytes);
    const piece = new Uint8Array(1);
    for (const byte of bytes) {
      // The same piece again and again: a buffer that kept its pieces would end with one byte a hundred thousand times.
      piece[0] = byte;
      buffer.append(piece);
      const most = buffer.length > PAGE ? buffer.length + PAGE : Math.max(2 * buffer.length, 2048);
      expect(buffer.capacity).toBeLessThanOrEqual(most);
    }
    expect(bytes.equals(buffer.bytes())).toBe(true);
    if (mostBytes === 100_000) expect(buffer.capacity).toBe(100_000);
  });

  it('takes no memory for what was promised and has not come', () => {
    const buffer = new GrowingBuffer(1_000_000);
    expect(buffer.capacity).toBe(0);
    buffer.append(Uint8Array.of(1));
    expect(buffer.capacity).toBe(2048);
  });

  it('takes what comes in one piece as it is', () => {
    const buffer = new GrowingBuffer(5);
    buffer.append(Buffer.from('whole'));
    expect(buffer.capacity).toBe(5);
    buffer.append(new Uint8Array(0));
    expect(Buffer.from(buffer.bytes()).toString()).toBe('whole');
  });

  it.each([100, 100_000])('has nothing of %i bytes once it is freed', (numBytes) => {
    const buffer = new GrowingBuffer(LIMIT);
    buffer.append(new Uint8Array(numBytes).fill(1));
    const bytes = buffer.bytes();
    buffer.free();
    expect([buffer.length, buffer.capacity]).toEqual([0, 0]);
    if (numBytes > PAGE) expect(bytes.length).toBe(0);
    buffer.free();
  });

  it('gives the memory of large bodies back at once', () => {
    const residentMiB = (): number => process.memoryUsage.rss() / 2 ** 20;
    const before = residentMiB();
    const buffers = Array.from({ length: 200 }, () => new GrowingBuffer(LIMIT));
    for (const buffer of buffers) buffer.append(ONES);
    expect(residentMiB() - before).toBeGreaterThan(150);
    for (const buffer of buffers) buffer.free();
    expect(residentMiB() - before).toBeLessThan(50);
  });
});
