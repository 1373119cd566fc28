import { createParser, type EventSourceMessage } from 'eventsource-parser';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  commentFrame,
  dataFrame,
  DONE_FRAME,
  errorFrame,
  sseStream,
  type SseOptions,
} from '../../../../src/http/sse/sse.ts';

function parse(text: string): { events: EventSourceMessage[]; comments: string[] } {
  const events: EventSourceMessage[] = [];
  const comments: string[] = [];
  const parser = createParser({
    onEvent: (event) => events.push(event),
    onComment: (comment) => comments.push(comment),
  });
  parser.feed(text);
  return { events, comments };
}

describe('frames', () => {
  it('are read back by another parser, whatever is in them', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => {
        const { events } = parse(texts.map((text) => dataFrame({ text })).join(''));
        expect(events.map(({ data }) => (JSON.parse(data) as { text: string }).text)).toEqual(texts);
      }),
    );
  });

  it('comments are no events, and cannot become one', () => {
    const { events, comments } = parse(commentFrame('a\ndata: b\r\n\r\ndata: c') + DONE_FRAME);
    expect(comments).toHaveLength(1);
    expect(events.map(({ data }) => data)).toEqual(['[DONE]']);
  });

  it('an error has a name, and data that says all', () => {
    const { events } = parse(errorFrame({ error: { message: 'x' } }));
    expect(events[0]).toMatchObject({ event: 'error', data: '{"error":{"message":"x"}}' });
  });
});

describe('sseStream', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function optionsOf(overrides: Partial<SseOptions> = {}): SseOptions {
    return {
      pingIntervalMs: 1000,
      onDisconnect: vi.fn(),
      onClose: vi.fn(),
      ...overrides,
    };
  }

  /** Frames that the test hands out one by one, and a count of how many were asked for. */
  function source(): {
    frames: AsyncIterable<string>;
    push: (frame?: string) => void;
    numAsked: () => number;
  } {
    const waiting: ((result: IteratorResult<string>) => void)[] = [];
    let numAsked = 0;
    const frames = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          numAsked++;
          return new Promise<IteratorResult<string>>((resolve) => waiting.push(resolve));
        },
        return: () => Promise.resolve({ done: true as const, value: undefined }),
      }),
    };
    const push = (frame?: string): void => {
      waiting.shift()?.(
        frame === undefined ? { done: true, value: undefined } : { done: false, value: frame },
      );
    };
    return { frames, push, numAsked: () => numAsked };
  }

  const decode = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

  it('asks for a frame only when the reader does', async () => {
    const { frames, push, numAsked } = source();
    const reader = sseStream(frames, optionsOf()).getReader();
    await vi.advanceTimersByTimeAsync(100);
    expect(numAsked()).toBe(0);
    const first = reader.read();
    await vi.advanceTimersByTimeAsync(0);
    push('a');
    expect(decode((await first).value)).toBe('a');
    await vi.advanceTimersByTimeAsync(100);
    expect(numAsked()).toBe(1);
  });

  it('pings a reader that waits, once an interval, and never piles pings up', async () => {
    const { frames, push } = source();
    const reader = sseStream(frames, optionsOf()).getReader();
    const first = reader.read();
    await vi.advanceTimersByTimeAsync(1500);
    expect(decode((await first).value)).toBe(': ping\n\n');
    // Nobody reads for five intervals: one ping waits, not five.
    await vi.advanceTimersByTimeAsync(5000);
    push('a');
    await vi.advanceTimersByTimeAsync(0);
    expect(decode((await reader.read()).value)).toBe(': ping\n\n');
    expect(decode((await reader.read()).value)).toBe('a');
  });

  it('tells a reader that waits what has changed, once a second at most, until there is nothing to tell', async () => {
    const { frames } = source();
    const notes = ['place 3', 'place 3', 'place 1', undefined, 'place 9'];
    const readNote = vi.fn(() => notes.shift());
    const reader = sseStream(frames, optionsOf({ pingIntervalMs: 60_000, readNote })).getReader();
    const received: string[] = [];
    const readAll = async (): Promise<void> => {
      for (;;) received.push(decode((await reader.read()).value));
    };
    void readAll();
    await vi.advanceTimersByTimeAsync(249);
    expect(readNote).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(received).toEqual([': place 3\n\n']);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(received).toEqual([': place 3\n\n', ': place 1\n\n']);
    expect(readNote).toHaveBeenCalledTimes(4);
  });

  it('keeps a comment for no reader that does not wait', async () => {
    const { frames, push } = source();
    let note = 'place 3';
    const stream = sseStream(frames, optionsOf({ pingIntervalMs: 60_000, readNote: () => note }));
    const reader = stream.getReader();
    const first = reader.read();
    await vi.advanceTimersByTimeAsync(0);
    push('a');
    expect(decode((await first).value)).toBe('a');
    await vi.advanceTimersByTimeAsync(5000);
    note = 'place 1';
    const second = reader.read();
    await vi.advanceTimersByTimeAsync(1000);
    expect(decode((await second).value)).toBe(': place 1\n\n');
  });

  it('closes after the last frame, without a disconnect', async () => {
    const { frames, push } = source();
    const options = optionsOf();
    const reader = sseStream(frames, options).getReader();
    const last = reader.read();
    await vi.advanceTimersByTimeAsync(0);
    push();
    expect((await last).done).toBe(true);
    expect(options.onClose).toHaveBeenCalledOnce();
    expect(options.onDisconnect).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('tells of a reader that leaves, once, even while a frame is awaited', async () => {
    const { frames } = source();
    const options = optionsOf();
    const reader = sseStream(frames, options).getReader();
    void reader.read();
    await reader.cancel();
    expect(options.onDisconnect).toHaveBeenCalledOnce();
    expect(options.onClose).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });
});
