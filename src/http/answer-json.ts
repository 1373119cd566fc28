import { groupOf } from '../fairness/client-id.ts';
import { abortError } from '../errors.ts';
import { isShort, jsonLength, jsonPieces } from '../json-pieces.ts';
import type { AppContext } from './app-env.ts';
import { HeldBytes, type Holding } from './edge/held-bytes.ts';
import { answerWithHeaders } from './middleware/answer-headers.ts';

/** Of long answers that their clients have not read yet. */
const answers = new HeldBytes('answers that are being read');
const MAX_ANSWERS_BYTES = 256 * 2 ** 20;
/** Numbers in a small form are written as five times as many characters. */
const CHARACTERS_PER_BYTE = 4;
const JSON_HEADERS = { 'content-type': 'application/json' };

/**
 * Answers with a body as JSON. A short one goes out whole. A long one goes out in pieces, each made once the client has
 * taken those before it, and between two pieces the thread does what else there is to do.
 *
 * @param numBytes what a long body takes in memory; by default as one of numbers
 */
export function answerJson(c: AppContext, body: object, numBytes?: number): Response {
  if (isShort(body)) return answerWithHeaders(c.get('scope'), JSON.stringify(body), JSON_HEADERS);
  const holding = answers.open(groupOf(c.get('scope').clientId), MAX_ANSWERS_BYTES);
  holding.hold(numBytes ?? jsonLength(body) / CHARACTERS_PER_BYTE);
  if (holding.signal.aborted) throw abortError(holding.signal);
  return answerInPieces(c, jsonPieces(body), holding);
}

/**
 * Answers with JSON that comes in pieces.
 * @param holding what is kept until they are all read; where it has to be given up, the answer breaks off
 */
export function answerInPieces(c: AppContext, pieces: Iterator<string>, holding?: Holding): Response {
  const encoder = new TextEncoder();
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        holding?.signal.addEventListener('abort', () => {
          pieces.return?.();
          controller.error(holding.signal.reason);
        });
      },
      async pull(controller) {
        await new Promise(setImmediate);
        if (holding?.signal.aborted === true) return;
        const piece = pieces.next();
        if (piece.done !== true) {
          controller.enqueue(encoder.encode(piece.value));
          return;
        }
        holding?.release();
        controller.close();
      },
      cancel() {
        holding?.release();
        pieces.return?.();
      },
    },
    { highWaterMark: 0 },
  );
  return answerWithHeaders(c.get('scope'), stream, JSON_HEADERS);
}
