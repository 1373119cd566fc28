import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { describe, expect, it, vi } from 'vitest';
import { EventQueue } from '../../../../src/engine/client/completion/event-queue.ts';
import { ResumableStream, type StreamReader } from '../../../../src/http/sse/resumable-stream.ts';
import { commentFrame, dataFrame, DONE_FRAME, errorFrame } from '../../../../src/http/sse/sse.ts';

const MAX_BYTES = 2000;

interface Started {
  stream: ResumableStream;
  /** What the work yields. */
  work: EventQueue<string>;
  host: {
    onUnread: ReturnType<typeof vi.fn>;
    onRead: ReturnType<typeof vi.fn>;
    onEnd: ReturnType<typeof vi.fn>;
  };
  onEnd: ReturnType<typeof vi.fn>;
  cancel: ReturnType<typeof vi.fn>;
}

function start(): Started {
  const host = { onSize: vi.fn(), onUnread: vi.fn(), onRead: vi.fn(), onEnd: vi.fn() };
  const stream = new ResumableStream({ id: 'a', ownerId: 'o', clientId: 'o' }, MAX_BYTES, host);
  const work = new EventQueue<string>();
  const [onEnd, cancel] = [vi.fn(), vi.fn()];
  stream.start({ frames: work, cancel, onEnd, readNote: () => undefined });
  return { stream, work, host, onEnd, cancel };
}

/** Lets all that can go on now go on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

class Reading {
  text = '';
  isOver = false;
  readonly reader: StreamReader;

  constructor(reader: StreamReader) {
    this.reader = reader;
    void this.#read();
  }

  async #read(): Promise<void> {
    for await (const text of this.reader) this.text += text;
    this.isOver = true;
  }

  get events(): EventSourceMessage[] {
    const events: EventSourceMessage[] = [];
    createParser({ onEvent: (event) => events.push(event) }).feed(this.text);
    return events;
  }

  get ids(): (string | undefined)[] {
    return this.events.map(({ id }) => id);
  }
}

describe('ResumableStream', () => {
  it('numbers events from 1, also those that came in one text, and no comment', async () => {
    const { stream, work, onEnd } = start();
    const reading = new Reading(stream.read(0));
    work.push(dataFrame({ n: 1 }) + dataFrame({ n: 2 }));
    work.push(commentFrame('told at the end'));
    work.push(errorFrame({ error: 'x' }));
    work.push(DONE_FRAME);
    work.end();
    await settle();
    expect(reading.isOver).toBe(true);
    expect(reading.events).toEqual([
      { id: '1', event: undefined, data: '{"n":1}' },
      { id: '2', event: undefined, data: '{"n":2}' },
      { id: '3', event: 'error', data: '{"error":"x"}' },
      { id: '4', event: undefined, data: '[DONE]' },
    ]);
    expect(reading.text).toContain(': told at the end\n\nid: 3\n');
    expect(onEnd).toHaveBeenCalledOnce();
  });

  it('goes on without a reader, and is read on from any event that is kept', async () => {
    const { stream, work, host } = start();
    const first = new Reading(stream.read(0));
    work.push(dataFrame(1));
    await settle();
    first.reader.leave();
    expect(host.onUnread).toHaveBeenCalledTimes(2); // Before the first reader came, too.
    for (const n of [2, 3]) work.push(dataFrame(n));
    await settle();
    const second = new Reading(stream.read(1));
    work.push(dataFrame(4));
    work.end();
    await settle();
    expect(first.ids).toEqual(['1']);
    expect(second.ids).toEqual(['2', '3', '4']);
    const third = new Reading(stream.read(0));
    await settle();
    expect(third.ids).toEqual(['1', '2', '3', '4']);
    expect(third.isOver).toBe(true);
    expect(() => stream.read(5)).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        message: expect.stringContaining('has 4 events') as string,
      }),
    );
  });

  it('lets the newer of two readers take over', async () => {
    const { stream, work } = start();
    const first = new Reading(stream.read(0));
    work.push(dataFrame(1));
    await settle();
    const second = new Reading(stream.read(0));
    work.push(dataFrame(2));
    await settle();
    expect(first.isOver).toBe(true);
    expect(first.ids).toEqual(['1']);
    expect(first.text).toContain(': another reader');
    expect(second.ids).toEqual(['1', '2']);
    // The one that lost it leaves when its connection closes.
    first.reader.leave();
    work.push(dataFrame(3));
    await settle();
    expect(second.ids).toEqual(['1', '2', '3']);
  });

  it('is taken over from a reader that takes nothing more, and gives no sign', async () => {
    const { stream, work } = start();
    const dead = stream.read(0)[Symbol.asyncIterator]();
    work.push(dataFrame(1));
    await dead.next();
    work.push(dataFrame(2));
    await settle();
    const second = new Reading(stream.read(0));
    work.push(dataFrame(3));
    work.end();
    await settle();
    expect(second.ids).toEqual(['1', '2', '3']);
    expect(second.isOver).toBe(true);
  });

  it('takes no frame from its work before a reader that is there has read the last one', async () => {
    const { stream } = start();
    let numTaken = 0;
    const frames = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve({ done: false as const, value: dataFrame(++numTaken) }),
      }),
    };
    const other = new ResumableStream({ id: 'b', ownerId: 'o', clientId: 'o' }, MAX_BYTES, {
      onSize: vi.fn(),
      onUnread: vi.fn(),
      onRead: vi.fn(),
      onEnd: vi.fn(),
    });
    const reader = other.read(0);
    other.start({ frames, cancel: vi.fn(), onEnd: vi.fn(), readNote: () => undefined });
    await settle();
    expect(numTaken).toBe(1);
    const iterator = reader[Symbol.asyncIterator]();
    await iterator.next();
    await settle();
    // One is made while the one before is written.
    expect(numTaken).toBe(2);
    expect(stream.hasReader).toBe(false);
  });

  it('drops the oldest events beyond its bound, but none that its reader has not read', async () => {
    const { stream, work } = start();
    for (let n = 1; n <= 100; n++) work.push(dataFrame({ n }));
    await settle();
    expect(stream.numBytes).toBeLessThanOrEqual(MAX_BYTES);
    expect(stream.numBytes).toBeGreaterThan(MAX_BYTES - 200);
    let error: unknown;
    try {
      stream.read(3);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'gone', param: 'Last-Event-ID' });
    const [, from = ''] = /read on from Last-Event-ID (\d+)/.exec((error as Error).message) ?? [];
    const reader = stream.read(Number(from));
    while (stream.tryDropFirst());
    work.push(dataFrame({ n: 101 }));
    work.end();
    const reading = new Reading(reader);
    await settle();
    expect(reading.ids.map(Number)).toEqual(
      Array.from({ length: 101 - Number(from) }, (_, i) => Number(from) + 1 + i),
    );
  });
});
