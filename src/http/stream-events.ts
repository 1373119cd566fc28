import { toEngineError, type EngineError } from '../errors.ts';
import type { AppContext } from './app-env.ts';
import { PROBE_EVENT } from './connection.ts';
import { familyOf } from './error-handlers.ts';
import { toErrorBody } from './error-response.ts';
import { commentFrame, DONE_FRAME, errorFrame, PING, SSE_HEADERS, sseStream } from './sse.ts';
import { timingHeaders } from './timing-headers.ts';

export interface EventStreamOptions {
  /** The frames of a stream that goes well, `[DONE]` left out. */
  frames: AsyncIterable<string>;
  pingIntervalMs: number;
  /** Stops the work behind the frames. */
  onDisconnect: () => void;
  /** By default OpenAI's, as chat completions have it. */
  form?: StreamForm;
}

/** What an API writes beside the frames of the answer. */
export interface StreamForm {
  /** Keeps a silent stream alive. */
  ping: string;
  /** After the frames of a stream that went well; '' where the last of them says it. */
  end: string;
  /** The frames that end a stream which broke. */
  toErrorFrames(error: EngineError, requestId: string): string;
}

/**
 * Answers with a stream whose headers go out at once. A client that hangs up stops the work; a fault ends the stream
 * with an error frame and no `[DONE]`.
 */
export function streamEvents(c: AppContext, options: EventStreamOptions): Response {
  const { scope } = c.var;
  const { frames, pingIntervalMs, onDisconnect, form = plainForm(c.req.path) } = options;
  const { outgoing } = c.env;
  onClientGone(c, onDisconnect);
  scope.hold();
  // Frames are written whole, so that a comment fits between any two writes.
  outgoing?.on(PROBE_EVENT, () => {
    if (!outgoing.writableEnded && outgoing.writableLength === 0) outgoing.write(form.ping);
  });
  const body = sseStream(endedFrames(c, frames, form), {
    pingIntervalMs,
    ping: form.ping,
    onDisconnect,
    onClose: () => scope.end(),
  });
  return c.body(body, 200, SSE_HEADERS);
}

/** Calls back when the client closes its connection before it has its answer, streamed or not. */
export function onClientGone(c: AppContext, callback: () => void): void {
  const { signal } = c.req.raw;
  if (signal.aborted) callback();
  else signal.addEventListener('abort', callback, { once: true });
}

const plainForm = (path: string): StreamForm => ({
  ping: PING,
  end: DONE_FRAME,
  toErrorFrames: (error, requestId) => errorFrame(toErrorBody(error, familyOf(path), requestId)),
});

async function* endedFrames(
  c: AppContext,
  frames: AsyncIterable<string>,
  form: StreamForm,
): AsyncGenerator<string> {
  const { scope } = c.var;
  try {
    yield* frames;
    // The headers left before these were known.
    yield commentFrame(JSON.stringify(timingHeaders(scope.record, scope.elapsedMs)));
    if (form.end !== '') yield form.end;
  } catch (thrown) {
    const error = toEngineError(thrown);
    scope.error = error;
    yield form.toErrorFrames(error, scope.id);
  }
}
