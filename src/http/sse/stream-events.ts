import { EngineError, toEngineError } from '../../errors.ts';
import type { AppContext } from '../app-env.ts';
import { PROBE_EVENT } from '../edge/connections.ts';
import { toErrorBody } from '../error-response.ts';
import { RESUMABLE_HEADER } from '../middleware/offer-resumption.ts';
import type { RequestScope } from '../request-scope.ts';
import type { ResumableStream } from './resumable-stream.ts';
import {
  commentFrame,
  DONE_FRAME,
  errorFrame,
  JSON_LINES_HEADERS,
  jsonLine,
  PING,
  SSE_HEADERS,
  sseStream,
  type SseOptions,
  withRetry,
} from './sse.ts';
import type { RouteFacts } from '../route-facts.ts';
import type { StreamStore } from './stream-store.ts';
import { timingHeaders, answerWithHeaders } from '../middleware/answer-headers.ts';

export interface EventStreamOptions {
  /** The frames of a stream that goes well, `[DONE]` left out. They end soon after `onDisconnect`. */
  frames: AsyncIterable<string>;
  pingIntervalMs: number;
  /** Stops the work behind the frames. */
  onDisconnect: () => void;
  /** By default OpenAI's, as chat completions have it. */
  form?: Partial<StreamForm>;
}

/** What an API writes beside the frames of the answer. */
export interface StreamForm {
  /** Keeps a silent stream alive. */
  ping: string;
  /** After the frames of a stream that went well; '' where the last of them says it. */
  end: string;
  /** Lines of JSON in place of server-sent events: they have no comments, and no ids to resume a stream by. */
  isLines: boolean;
  /** The frames that end a stream which broke. */
  toErrorFrames(error: EngineError, requestId: string): string;
}

/**
 * Answers with a stream whose headers go out at once. A client that hangs up stops the work, unless it asked for a
 * stream that can be resumed; a fault ends the stream with an error frame and no `[DONE]`. While the request waits in the
 * queue, comments say at which position.
 *
 * @throws EngineError `queue_full` if there are too many streams that can be resumed; the work is stopped then
 */
export function streamEvents(c: AppContext, options: EventStreamOptions): Response {
  const scope = c.get('scope');
  const { frames, pingIntervalMs, onDisconnect } = options;
  const form = formOf(scope.facts, options.form);
  if (scope.streams !== undefined && !form.isLines) return streamResumably(c, options, scope.streams);
  onClientGone(c, onDisconnect);
  scope.hold();
  return answerEvents(c, endedFrames(c, frames, form), {
    pingIntervalMs,
    ping: form.ping,
    readNote: form.isLines ? undefined : () => queueNote(scope),
    isLines: form.isLines,
    onDisconnect,
    onClose: () => scope.end(),
  });
}

/** The request ends with its work. Its first reader is like any that comes later. */
function streamResumably(c: AppContext, options: EventStreamOptions, streams: StreamStore): Response {
  const scope = c.get('scope');
  const { frames, pingIntervalMs, onDisconnect } = options;
  const form = formOf(scope.facts, options.form);
  let stream: ResumableStream;
  try {
    stream = streams.open({ id: scope.id, ownerId: scope.ownerId, clientId: scope.clientId });
  } catch (error) {
    onDisconnect();
    throw error;
  }
  scope.hold();
  // The reader comes before the stream starts: a stream that starts without one counts as unread.
  const response = readStream(c, stream, 0, { pingIntervalMs, onClose: () => undefined });
  stream.start({
    frames: endedFrames(c, frames, form),
    cancel: onDisconnect,
    onEnd: () => scope.end(),
    readNote: () => queueNote(scope),
  });
  response.headers.set(RESUMABLE_HEADER, 'true');
  return response;
}

/**
 * Answers with what a stream has after the events that the client has received. It takes the place of another reader.
 *
 * @throws EngineError as `ResumableStream.read`
 */
export function readStream(
  c: AppContext,
  stream: ResumableStream,
  numReceived: number,
  { pingIntervalMs, onClose }: Pick<SseOptions, 'pingIntervalMs' | 'onClose'>,
): Response {
  const reader = stream.read(numReceived);
  const leave = (): void => reader.leave();
  onClientGone(c, leave);
  return answerEvents(c, reader, {
    pingIntervalMs,
    readNote: () => stream.readNote(),
    onDisconnect: leave,
    onClose: () => {
      leave();
      onClose();
    },
  });
}

/** Calls back when the client closes its connection before it has its answer, streamed or not. */
export function onClientGone(c: AppContext, callback: () => void): void {
  const { signal } = c.req.raw;
  if (signal.aborted) callback();
  else signal.addEventListener('abort', callback, { once: true });
}

function answerEvents(
  c: AppContext,
  frames: AsyncIterable<string>,
  { isLines = false, ...options }: SseOptions & { isLines?: boolean },
): Response {
  const { outgoing } = c.env;
  // Frames are written whole, so that a comment fits between any two writes.
  outgoing?.on(PROBE_EVENT, () => {
    if (!outgoing.writableEnded && outgoing.writableLength === 0) outgoing.write(options.ping ?? PING);
  });
  return answerWithHeaders(
    c.get('scope'),
    sseStream(frames, options),
    isLines ? JSON_LINES_HEADERS : SSE_HEADERS,
  );
}

function formOf(facts: RouteFacts, own: Partial<StreamForm> = {}): StreamForm {
  const isLines = own.isLines ?? false;
  const toFrame = isLines ? jsonLine : errorFrame;
  return {
    ping: PING,
    end: isLines ? '' : DONE_FRAME,
    isLines,
    toErrorFrames: (error, requestId) => toFrame(toErrorBody(error, facts, requestId)),
    ...own,
  };
}

async function* endedFrames(
  c: AppContext,
  frames: AsyncIterable<string>,
  form: StreamForm,
): AsyncGenerator<string> {
  const scope = c.get('scope');
  try {
    yield* frames;
    // The headers left before these were known.
    if (!form.isLines) yield commentFrame(JSON.stringify(timingHeaders(scope.record, scope.elapsedMs)));
    if (form.end !== '') yield form.end;
  } catch (thrown) {
    const error = withoutResumption(scope, toEngineError(thrown));
    scope.error = error;
    const last = form.toErrorFrames(error, scope.id);
    yield form.isLines ? last : withRetry(last, error.retryAfterMs);
  }
}

/** A reader of a stream that can be resumed comes back to it after a fault: here in vain, since this process ends. */
function withoutResumption({ streams }: RequestScope, error: EngineError): EngineError {
  const { code, message, retryAfterMs } = error;
  if (streams === undefined || code !== 'engine_not_ready') return error;
  const end = 'this stream cannot be resumed, since the process that kept it ends';
  return new EngineError(code, `${message}: ${end}`, retryAfterMs === undefined ? {} : { retryAfterMs });
}

/** `queue position 3 of 17 (estimate)`; undefined for a request that does not wait, or not any more. */
function queueNote({ record }: RequestScope): string | undefined {
  if (record?.queuePosition === undefined) return undefined;
  const { position, numWaiting } = record.queuePosition;
  return `queue position ${position} of ${numWaiting} (estimate)`;
}
