import type { Handler } from 'hono';
import { toEngineError } from '../errors.ts';
import type { AppContext, AppEnv } from './app-env.ts';
import { toErrorBody } from './error-response.ts';
import { answerWithHeaders } from './middleware/answer-headers.ts';

/** JSON may have white space in front. */
const BEAT = ' ';
const JSON_HEADERS = { 'content-type': 'application/json' };

/**
 * A handler whose answer in one piece begins with white space, one character each `intervalMs`, until its JSON is there:
 * some clients and proxies give up an answer whose headers do not come within five minutes. What is answered or refused
 * before the first of them is as without it. Behind it the status is 200, and an error is the body alone.
 *
 * It beats only once the handler has said that it answers in one piece (`RequestScope.answersWhole`).
 */
export const withHeartbeat =
  (handler: Handler<AppEnv>, intervalMs: number): Handler<AppEnv> =>
  async (c: AppContext, next) => {
    const answer = Promise.resolve<unknown>(handler(c, next)) as Promise<Response>;
    do {
      if (await settlesWithin(answer, intervalMs)) return answer;
    } while (!c.get('scope').answersWhole);
    return answerInBeats(c, answer, intervalMs);
  };

function answerInBeats(c: AppContext, answer: Promise<Response>, intervalMs: number): Response {
  const scope = c.get('scope');
  const encoder = new TextEncoder();
  const whole = answer.catch((thrown: unknown) => {
    scope.error = toEngineError(thrown);
    return new Response(JSON.stringify(toErrorBody(scope.error, scope.facts, scope.id)));
  });
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  scope.hold();
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        controller.enqueue(encoder.encode(BEAT));
      },
      async pull(controller) {
        if (reader === undefined && !(await settlesWithin(whole, intervalMs))) {
          controller.enqueue(encoder.encode(BEAT));
          return;
        }
        try {
          reader ??= (await whole).body?.getReader();
          const piece = await reader?.read();
          if (piece?.value !== undefined) {
            controller.enqueue(piece.value);
            return;
          }
        } catch (error) {
          scope.end();
          throw error;
        }
        scope.end();
        controller.close();
      },
      cancel() {
        scope.end();
        // The client is gone. The inner answer may have failed before, and rejects with what it failed with.
        whole
          .then(({ body }) => (reader === undefined ? body?.cancel() : reader.cancel()))
          .catch(() => undefined);
      },
    },
    { highWaterMark: 0 },
  );
  return answerWithHeaders(scope, stream, JSON_HEADERS);
}

/** Whether there is an answer, or an error, by then. */
async function settlesWithin(answer: Promise<Response>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const settled = answer.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}
