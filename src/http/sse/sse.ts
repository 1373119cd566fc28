/**
 * Server-sent events over a ReadableStream. A frame is made only when the socket asks for one, so a slow reader holds
 * back its own stream and no other.
 */

/** A comment that keeps a silent stream alive. */
export const PING = ': ping\n\n';

export const SSE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream; charset=utf-8',
  // no-transform keeps proxies from compressing, which would buffer; nginx obeys the second header.
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};

/** One event. JSON holds no line breaks, so `data` is one line. */
export const dataFrame = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;

/** Headers of lines of JSON in place of events. */
export const JSON_LINES_HEADERS: Readonly<Record<string, string>> = {
  ...SSE_HEADERS,
  'content-type': 'application/x-ndjson',
};

/** One line of such a stream. JSON holds no line breaks. */
export const jsonLine = (value: unknown): string => `${JSON.stringify(value)}\n`;

/** One event with its name, for the APIs whose clients look at it. */
export const eventFrame = (value: { type: string }): string => `event: ${value.type}\n${dataFrame(value)}`;

/** The frame that ends a broken stream; its `data` alone tells a client that ignores event names. */
export const errorFrame = (body: unknown): string => `event: error\n${dataFrame(body)}`;

/** The frame with the time after which a client may come back, by a field that all readers of events know or skip. */
export const withRetry = (frames: string, retryAfterMs: number | undefined): string =>
  retryAfterMs === undefined ? frames : `retry: ${Math.ceil(retryAfterMs)}\n${frames}`;

/** A line that clients skip. */
export const commentFrame = (text: string): string => `: ${text.replaceAll(/[\r\n]+/g, ' ')}\n\n`;

/** Ends a stream that went well, and no other. */
export const DONE_FRAME = 'data: [DONE]\n\n';

/** When a stream first looks for a comment: a request that starts at once has none. */
const FIRST_NOTE_MS = 250;
const NOTE_INTERVAL_MS = 1000;

export interface SseOptions {
  /** Silence after which something is sent. */
  pingIntervalMs: number;
  /** What is sent then; by default PING. */
  ping?: string;
  /**
   * What a comment is to tell a reader that waits for a frame. Looked for once a second; a comment is sent when it has
   * changed. After undefined it is not looked for again.
   */
  readNote?: (() => string | undefined) | undefined;
  /** The client is gone: it closed the connection, or was cut off. Called at most once, and not after the end. */
  onDisconnect: () => void;
  /** The last frame is out or the client is gone. Called once. */
  onClose: () => void;
}

/**
 * A byte stream of frames, with comments for a reader that waits: a keep-alive whenever `frames` is silent, and what
 * `readNote` says. `frames` is iterated once, lazily; it turns its own errors into frames.
 */
export function sseStream(frames: AsyncIterable<string>, options: SseOptions): ReadableStream<Uint8Array> {
  const iterator = frames[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  let stopComments: (() => void) | undefined;
  let isOpen = true;
  let isPulling = false;
  let lastWriteMs = 0;

  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    stopComments?.();
    options.onClose();
  };
  const disconnect = (): void => {
    if (!isOpen) return;
    options.onDisconnect();
    close();
    // Resolves once the step that is running has let go of the request; the request does not wait for it.
    iterator.return?.().catch(() => undefined);
  };

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        lastWriteMs = performance.now();
        stopComments = startComments(options, {
          silentMs: () => performance.now() - lastWriteMs,
          trySend: (comment) => {
            // At most one comment waits for a reader: desiredSize is below 0 while it does.
            if (!isPulling || controller.desiredSize !== 0) return false;
            lastWriteMs = performance.now();
            controller.enqueue(encoder.encode(comment));
            return true;
          },
        });
      },
      async pull(controller) {
        isPulling = true;
        const result = await iterator.next();
        isPulling = false;
        if (!isOpen) {
          controller.error();
          return;
        }
        if (result.done === true) {
          close();
          controller.close();
          return;
        }
        lastWriteMs = performance.now();
        controller.enqueue(encoder.encode(result.value));
      },
      cancel: disconnect,
    },
    { highWaterMark: 0 },
  );
}

interface CommentSink {
  /** Since something was sent. */
  silentMs: () => number;
  /** False if no reader waits. */
  trySend: (comment: string) => boolean;
}

/** Returns what ends them. */
function startComments(
  { pingIntervalMs, ping = PING, readNote }: SseOptions,
  { silentMs, trySend }: CommentSink,
): () => void {
  const pingIfSilent = (): void => {
    if (silentMs() >= pingIntervalMs) trySend(ping);
  };
  const pingTimer = setInterval(pingIfSilent, pingIntervalMs / 2).unref();
  let noteTimer: NodeJS.Timeout | undefined;
  let lastNote: string | undefined;
  const lookForNote = (): void => {
    const note = readNote?.();
    if (note === undefined) return;
    if (note !== lastNote && trySend(commentFrame(note))) lastNote = note;
    noteTimer = setTimeout(lookForNote, NOTE_INTERVAL_MS).unref();
  };
  if (readNote !== undefined) noteTimer = setTimeout(lookForNote, FIRST_NOTE_MS).unref();
  return () => {
    clearInterval(pingTimer);
    clearTimeout(noteTimer);
  };
}
