import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventQueue } from '../../../../src/engine/client/completion/event-queue.ts';
import type { ResumableStream } from '../../../../src/http/sse/resumable-stream.ts';
import { dataFrame, DONE_FRAME } from '../../../../src/http/sse/sse.ts';
import { StreamStore } from '../../../../src/http/sse/stream-store.ts';

const MIB = 2 ** 20;
const GRACE_MS = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

const createStore = (maxBytes = MIB): StreamStore => new StreamStore({ maxBytes, graceMs: GRACE_MS });

interface Opened {
  stream: ResumableStream;
  work: EventQueue<string>;
  cancel: ReturnType<typeof vi.fn>;
}

/** A stream whose work ends when it is cancelled, as that of a completion does. */
function open(store: StreamStore, id: string, clientId = 'a/1'): Opened {
  const stream = store.open({ id, ownerId: clientId, clientId });
  const work = new EventQueue<string>();
  const cancel = vi.fn(() => {
    work.push(DONE_FRAME);
    work.end();
  });
  stream.start({ frames: work, cancel, onEnd: () => undefined, readNote: () => undefined });
  return { stream, work, cancel };
}

describe('StreamStore', () => {
  it('finds a stream for its owner, and for an admin', () => {
    const store = createStore();
    const { stream } = open(store, 'x', 'a/1');
    expect(store.find('x', 'a/1')).toBe(stream);
    expect(store.find('x', 'a/2')).toBeUndefined();
    expect(store.find('y', 'a/1')).toBeUndefined();
    const { stream: other } = open(store, 'x', 'a/2');
    expect(store.find('x')).toBe(other);
  });

  it('cancels the work of a stream that no reader came back to in time', async () => {
    const store = createStore();
    const { stream, cancel } = open(store, 'x');
    await vi.advanceTimersByTimeAsync(GRACE_MS / 2);
    const reader = stream.read(0);
    await vi.advanceTimersByTimeAsync(2 * GRACE_MS);
    expect([store.numUnread, cancel.mock.calls.length]).toEqual([0, 0]);
    reader.leave();
    await vi.advanceTimersByTimeAsync(GRACE_MS - 1);
    expect([store.numUnread, cancel.mock.calls.length]).toEqual([1, 0]);
    await vi.advanceTimersByTimeAsync(1);
    expect([store.numUnread, cancel.mock.calls.length]).toEqual([0, 1]);
    // Its end is kept for as long again.
    expect(stream.isEnded).toBe(true);
    expect(store.find('x')).toBe(stream);
    await vi.advanceTimersByTimeAsync(GRACE_MS);
    expect([store.numStreams, store.numBytes, vi.getTimerCount()]).toEqual([0, 0, 0]);
  });

  it('keeps a stream that has ended for its time, however it is read', async () => {
    const store = createStore();
    const { stream, work } = open(store, 'x');
    work.push(dataFrame(1));
    work.end();
    await vi.advanceTimersByTimeAsync(GRACE_MS - 1);
    const reader = stream.read(0);
    await vi.advanceTimersByTimeAsync(1);
    expect([store.numStreams, store.numBytes, vi.getTimerCount()]).toEqual([0, 0, 0]);
    // One that reads already comes to the end.
    expect(await reader[Symbol.asyncIterator]().next()).toMatchObject({ value: 'id: 1\ndata: 1\n\n' });
  });

  it('lets a stream that has ended give way to one of the same id', async () => {
    const store = createStore();
    const { work } = open(store, 'x');
    work.push(dataFrame('old'));
    work.end();
    await settle();
    const { stream } = open(store, 'x');
    await vi.advanceTimersByTimeAsync(GRACE_MS - 1);
    expect(store.find('x')).toBe(stream);
    expect(store.numStreams).toBe(1);
  });

  it('lets 16 streams of a group go on without a reader, the newest', () => {
    const store = createStore(64 * MIB);
    const ofGroup = Array.from({ length: 20 }, (_, i) => open(store, `${i}`, `a/${i}`));
    const other = open(store, 'other', 'b/1');
    const given = ofGroup.map(({ cancel }) => cancel.mock.calls.length);
    expect(given).toEqual([1, 1, 1, 1, ...Array<number>(16).fill(0)]);
    expect(other.cancel).not.toHaveBeenCalled();
    expect(store.numUnread).toBe(17);
    // One that has a reader from the start takes no other's place.
    const stream = store.open({ id: 'read', ownerId: 'a/1', clientId: 'a/1' });
    stream.read(0);
    const frames = new EventQueue<string>();
    stream.start({ frames, cancel: vi.fn(), onEnd: () => undefined, readNote: () => undefined });
    expect(ofGroup.map(({ cancel }) => cancel.mock.calls.length)).toEqual(given);
  });

  it('holds 4,000 streams that are opened and dropped to its bounds', async () => {
    const store = createStore(8 * MIB);
    const most = { bytes: 0, streams: 0, unread: 0 };
    for (let i = 0; i < 4000; i++) {
      const { stream, work } = open(store, `${i}`, `group${i % 7}/${i}`);
      const reader = stream.read(0);
      for (let n = 0; n < 5; n++) work.push(dataFrame({ text: 'x'.repeat(3000) }));
      reader.leave();
      if (i % 16 === 0) await settle();
      most.bytes = Math.max(most.bytes, store.numBytes);
      most.streams = Math.max(most.streams, store.numStreams);
      most.unread = Math.max(most.unread, store.numUnread);
    }
    expect(most.bytes).toBeLessThanOrEqual(8 * MIB);
    expect(most.bytes).toBeGreaterThan(7 * MIB);
    expect(most.streams).toBeLessThanOrEqual((8 * MIB) / 2048);
    expect(most.unread).toBe(7 * 16);
    await vi.advanceTimersByTimeAsync(2 * GRACE_MS);
    expect([store.numStreams, store.numBytes, store.numUnread, vi.getTimerCount()]).toEqual([0, 0, 0, 0]);
  });

  it('takes from the group that has most, and of that from what has ended', async () => {
    const store = createStore(2 * MIB);
    const honest = open(store, 'honest', 'honest/1');
    honest.work.push(dataFrame('first'));
    const ended = Array.from({ length: 30 }, (_, i) => {
      const opened = open(store, `ended${i}`, 'greedy/1');
      opened.work.push(dataFrame('x'.repeat(60_000)));
      opened.work.end();
      return opened;
    });
    await settle();
    const running = open(store, 'running', 'greedy/2');
    for (let n = 0; n < 60; n++) running.work.push(dataFrame('x'.repeat(10_000)));
    await settle();
    expect(store.numBytes).toBeLessThanOrEqual(2 * MIB);
    expect(store.find('honest')).toBe(honest.stream);
    expect(() => honest.stream.read(0)).not.toThrow();
    const keptOfEnded = ended.map((_, i) => store.find(`ended${i}`) !== undefined);
    // The oldest went first.
    expect(keptOfEnded).toEqual(keptOfEnded.toSorted((one, other) => Number(one) - Number(other)));
    expect(keptOfEnded).toContain(false);
  });

  it('lets no client that invents owners push out what another address keeps', async () => {
    const store = createStore();
    const kept = open(store, 'mine', '1.1.1.1/');
    kept.work.push(dataFrame('x'.repeat(100_000)));
    kept.work.end();
    await settle();
    for (let i = 0; i < 400; i++) {
      const { work } = open(store, 'theirs', `2.2.2.2/key${i}`);
      work.push(dataFrame('x'.repeat(10_000)));
      work.end();
      await settle();
    }
    expect(store.find('mine', '1.1.1.1/')).toBe(kept.stream);
    expect(() => kept.stream.read(0)).not.toThrow();
  });

  it('refuses more running streams than its memory is good for, but none of a client below its share', () => {
    const store = createStore();
    for (let i = 0; i < 16; i++) open(store, `${i}`, 'a/1').stream.read(0);
    expect(() => open(store, 'more', 'a/1')).toThrow(expect.objectContaining({ code: 'queue_full' }));
    expect(() => open(store, 'other', 'b/1')).not.toThrow();
  });

  it('lets go of half of what it keeps when memory is short, and of no reader', async () => {
    const store = createStore();
    const ended = Array.from({ length: 8 }, (_, i) => open(store, `ended${i}`));
    for (const { work } of ended) {
      work.push(dataFrame('x'.repeat(20_000)));
      work.push(DONE_FRAME);
      work.end();
    }
    const running = open(store, 'running');
    running.stream.read(0);
    await settle();
    const { numBytes } = store;
    store.release();
    expect(store.numBytes).toBeLessThanOrEqual(numBytes / 2);
    expect(store.find('ended0')).toBeUndefined();
    expect(store.find('ended7')).toBe(ended[7]?.stream);
    expect(store.find('running')).toBe(running.stream);
    expect(running.stream.isEnded).toBe(false);
  });
});
