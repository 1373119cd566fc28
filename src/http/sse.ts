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

/** One event with its name, for the APIs whose clients look at it. */
export const eventFrame = (value: { type: string }): string => `event: ${value.type}\n${dataFrame(value)}`;

/** The frame that ends a broken stream; its `data` alone tells a client that ignores event names. */
export const errorFrame = (body: unknown): string => `event: error\n${dataFrame(body)}`;

/** A line that clients skip. */
export const commentFrame = (text: string): string => `: ${text.replaceAll(/[\r\n]+/g, ' ')}\n\n`;

/** Ends a stream that went well, and no other. */
export const DONE_FRAME = 'data: [DONE]\n\n';

export interface SseOptions {
  /** Silence after which a comment is sent. */
  pingIntervalMs: number;
  /** What is sent in its place. */
  ping?: string;
  /** The client is gone: it closed the connection, or was cut off. Called at most once, and not after the end. */
  onDisconnect: () => void;
  /** The last frame is out or the client is gone. Called once. */
  onClose: () => void;
}

/**
 * A byte stream of frames, with a keep-alive comment whenever `frames` is silent. `frames` is iterated once, lazily;
 * it turns its own errors into frames.
 */
export function sseStream(frames: AsyncIterable<string>, options: SseOptions): ReadableStream<Uint8Array> {
  const { pingIntervalMs, ping = PING } = options;
  const iterator = frames[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  let timer: NodeJS.Timeout | undefined;
  let isOpen = true;
  let isPulling = false;
  let lastFrameMs = 0;

  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    clearInterval(timer);
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
        lastFrameMs = performance.now();
        const tick = (): void => {
          const silentMs = performance.now() - lastFrameMs;
          if (isPulling && silentMs >= pingIntervalMs && controller.desiredSize === 0) {
            // At most one ping waits for a reader: desiredSize is below 0 while it does.
            lastFrameMs = performance.now();
            controller.enqueue(encoder.encode(ping));
          }
        };
        timer = setInterval(tick, pingIntervalMs / 2).unref();
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
        lastFrameMs = performance.now();
        controller.enqueue(encoder.encode(result.value));
      },
      cancel: disconnect,
    },
    { highWaterMark: 0 },
  );
}
