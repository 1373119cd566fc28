import { isShort, jsonPieces } from '../json-pieces.ts';
import type { AppContext } from './app-env.ts';

/**
 * Answers with a body as JSON. A short one goes out whole. A long one goes out in pieces, each made once the client has
 * taken those before it, and between two pieces the thread does what else there is to do.
 */
export function answerJson(c: AppContext, body: object): Response {
  return isShort(body) ? c.json(body) : answerInPieces(c, jsonPieces(body));
}

/** Answers with JSON that comes in pieces. */
export function answerInPieces(c: AppContext, pieces: Iterator<string>): Response {
  const encoder = new TextEncoder();
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        await new Promise(setImmediate);
        const piece = pieces.next();
        if (piece.done === true) controller.close();
        else controller.enqueue(encoder.encode(piece.value));
      },
      cancel: () => void pieces.return?.(),
    },
    { highWaterMark: 0 },
  );
  return c.body(stream, 200, { 'content-type': 'application/json' });
}
