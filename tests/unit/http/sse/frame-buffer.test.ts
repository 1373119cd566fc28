import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameBuffer } from '../../../../src/http/sse/resumable-stream.ts';

describe('FrameBuffer', () => {
  it('is a list of which the oldest were cut, whatever is pushed and dropped', () => {
    const frame = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' });
    const action = fc.oneof(frame, fc.constant(undefined));
    fc.assert(
      fc.property(fc.array(action), (actions) => {
        const buffer = new FrameBuffer();
        const all: string[] = [];
        let numDropped = 0;
        for (const frame of actions) {
          if (frame === undefined) {
            buffer.dropFirst();
            numDropped = Math.min(numDropped + 1, all.length);
          } else {
            buffer.push(frame);
            all.push(frame);
          }
          const kept = all.slice(numDropped);
          expect([buffer.firstId, buffer.nextId]).toEqual([numDropped + 1, all.length + 1]);
          const numBytes = kept.reduce((sum, one) => sum + Buffer.byteLength(one), 0);
          expect(buffer.numBytes).toBeGreaterThanOrEqual(numBytes);
          expect(buffer.numBytes).toBeLessThan(numBytes + 36 * kept.length + 1);
          for (let fromId = buffer.firstId; fromId <= buffer.nextId; fromId++) {
            const { text, nextId } = buffer.read(fromId, Infinity);
            expect([text, nextId]).toEqual([all.slice(fromId - 1).join(''), buffer.nextId]);
          }
        }
      }),
    );
  });

  it('reads in pieces, of one event at least', () => {
    const buffer = new FrameBuffer();
    for (const frame of ['aaaa', 'bb', 'cc', 'ddddd']) buffer.push(frame);
    expect(buffer.read(1, 1)).toEqual({ text: 'aaaa', nextId: 2 });
    expect(buffer.read(2, 4)).toEqual({ text: 'bbcc', nextId: 4 });
    expect(buffer.read(4, 4)).toEqual({ text: 'ddddd', nextId: 5 });
    expect(buffer.read(5, 4)).toEqual({ text: '', nextId: 5 });
  });
});
