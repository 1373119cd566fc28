import { describe, expect, it } from 'vitest';
import { GrowingBuffer } from '../../../src/http/growing-buffer.ts';

describe('GrowingBuffer', () => {
  it.each([undefined, 100_000, 3])('holds what came in one-byte pieces, expected %s', (expectedBytes) => {
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
    const buffer = new GrowingBuffer(expectedBytes);
    const piece = new Uint8Array(1);
    for (const byte of bytes) {
      // The same piece again and again: a buffer that kept its pieces would end with one byte a hundred thousand times.
      piece[0] = byte;
      buffer.append(piece);
      expect(buffer.capacity).toBeLessThanOrEqual(Math.max(2 * buffer.length, 2048));
    }
    expect(bytes.equals(buffer.bytes())).toBe(true);
    if (expectedBytes === 100_000) expect(buffer.capacity).toBe(100_000);
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
});
