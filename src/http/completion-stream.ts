import type { Completion } from '../engine/engine.ts';
import type { AppContext } from './app-env.ts';
import { toEngineError, toErrorBody, type ApiFamily } from './error-response.ts';
import { commentFrame, DONE_FRAME, errorFrame, SSE_HEADERS, sseStream } from './sse.ts';
import { timingHeaders } from './timing-headers.ts';

export interface CompletionStreamOptions {
  completion: Completion;
  /** The frames of a stream that goes well, `[DONE]` left out. */
  frames: AsyncIterable<string>;
  family: ApiFamily;
  pingIntervalMs: number;
}

/** A reader that takes nothing for two minutes is not coming back. */
const STALL_TIMEOUT_MS = 120_000;

/**
 * Answers with a stream whose headers go out at once. A client that hangs up cancels its completion; an engine that
 * fails ends the stream with an error frame and no `[DONE]`.
 */
export function streamCompletion(c: AppContext, options: CompletionStreamOptions): Response {
  const { scope } = c.var;
  const { completion } = options;
  cancelOnDisconnect(c, completion);
  scope.hold();
  const body = sseStream(endedFrames(c, options), {
    pingIntervalMs: options.pingIntervalMs,
    stallTimeoutMs: STALL_TIMEOUT_MS,
    destroyConnection: () => c.env.outgoing?.destroy(),
    onDisconnect: () => completion.cancel('disconnect'),
    onClose: () => scope.end(),
  });
  return c.body(body, 200, SSE_HEADERS);
}

/** Stops a completion whose client closed its connection, streamed or not. */
export function cancelOnDisconnect(c: AppContext, completion: Completion): void {
  const { signal } = c.req.raw;
  const cancel = (): void => completion.cancel('disconnect');
  if (signal.aborted) cancel();
  else signal.addEventListener('abort', cancel, { once: true });
}

async function* endedFrames(c: AppContext, options: CompletionStreamOptions): AsyncGenerator<string> {
  const { scope } = c.var;
  try {
    yield* options.frames;
    // The headers left before these were known.
    yield commentFrame(JSON.stringify(timingHeaders(scope.record, scope.elapsedMs)));
    yield DONE_FRAME;
  } catch (thrown) {
    const error = toEngineError(thrown);
    scope.error = error;
    yield errorFrame(toErrorBody(error, options.family, scope.id));
  }
}
