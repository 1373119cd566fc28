/** What sees a body on its way. */
export interface BodyWatcher {
  /** A piece goes out. */
  readonly onPiece: (piece: Uint8Array) => void;
  /** `isWhole`: all of it went out; else it broke, or its reader left. */
  readonly onEnd: (isWhole: boolean) => void;
}

/** A body as it is, piece by piece as its reader takes them. */
export function watchBody(
  body: ReadableStream<Uint8Array>,
  { onPiece, onEnd }: BodyWatcher,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) {
            onEnd(true);
            controller.close();
            return;
          }
          onPiece(value);
          controller.enqueue(value);
        } catch (error) {
          onEnd(false);
          controller.error(error);
        }
      },
      async cancel(reason) {
        onEnd(false);
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

/** A stream of events without its comments: what is left are as many events as blocks. */
export function withoutComments(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const [decoder, encoder] = [new TextDecoder(), new TextEncoder()];
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      // Comments and events are written whole.
      transform(piece, controller) {
        const blocks = decoder.decode(piece, { stream: true }).split('\n\n');
        const text = blocks.filter((block) => !block.startsWith(':')).join('\n\n');
        if (text !== '') controller.enqueue(encoder.encode(text));
      },
    }),
  );
}

const COLON = 0x3a;

/** A comment of a stream of events; comments and events are written whole, each in a piece of its own. */
export const isComment = (piece: Uint8Array): boolean => piece[0] === COLON;

/**
 * Reads a body until it has begun.
 *
 * @param hasBegun asked for each piece that was read
 * @returns the whole body, with what was read
 */
export async function awaitBeginning(
  body: ReadableStream<Uint8Array>,
  hasBegun: (piece: Uint8Array) => boolean,
): Promise<ReadableStream<Uint8Array>> {
  const reader = body.getReader();
  const read: Uint8Array[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    read.push(value);
    if (hasBegun(value)) break;
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const first = read.shift();
        if (first !== undefined) {
          controller.enqueue(first);
          return;
        }
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
