import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSse } from '../../../src/client/read-sse.ts';
import type { SseEvent } from '../../../src/client/read-sse.ts';

async function* inPieces(text: string, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let start = 0;
  for (let i = 0; start < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield await Promise.resolve(bytes.subarray(start, start + size));
    start += size;
  }
}

async function read(text: string, sizes: readonly number[]): Promise<SseEvent[]> {
  const events: SseEvent[] = [];
  for await (const event of readSse(inPieces(text, sizes))) events.push(event);
  return events;
}

describe('readSse', () => {
  it('reads what another parser reads, however the bytes are cut', async () => {
    const block = fc.constantFrom(
      'data: {"a":1}\n\n',
      'data: \u20ac\u{1F600}\n\n',
      'event: error\ndata: broken\n\n',
      ': ping\n\n',
      'data: one\ndata: two\n\n',
      'data: [DONE]\n\n',
    );
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.array(block, { maxLength: 6 }), sizes, async (blocks, pieceSizes) => {
        const text = blocks.join('');
        const expected: SseEvent[] = [];
        const parser = createParser({
          onEvent: ({ event, data }) => expected.push({ event: event ?? 'message', data }),
        });
        parser.feed(text);
        expect(await read(text, pieceSizes)).toEqual(expected);
      }),
    );
  });

  it('drops an event that was cut off', async () => {
    expect(await read('data: whole\n\ndata: half', [3])).toEqual([{ event: 'message', data: 'whole' }]);
  });
});
