import { useEffect, useRef, useState } from 'preact/hooks';
import { type AnswerPiece, ofChat, ofCompletion, withPiece } from './answer-pieces.ts';
import { type Question, toRequest } from './question.ts';
import { EMPTY_TURN, type Figures, type ModelTurn } from '../chats/chat.ts';
import { readEvents } from '../../service/read-events.ts';
import { request, requestJson } from '../../service/request.ts';
import type { ChatEvent, CompletionEvent, RequestRecord, TokenCount } from '../../service/wire.ts';

export interface AnswerState {
  /** The answer as far as it has come; undefined while none comes. */
  turn: ModelTurn | undefined;
  error: unknown;
}

export interface AnswerStream {
  state: AnswerState;
  /** The latest state at any time, for what runs when the page is left. */
  latest: () => ModelTurn | undefined;
  /** Calls `keep` with the answer when it is over, was stopped, or failed. */
  ask: (question: Question, keep: (turn: ModelTurn) => void) => Promise<void>;
  /** The service ends the request: its connection is closed. */
  stop: () => void;
  /** Stops, and shows nothing more of this answer. */
  leave: () => void;
}

const NOTHING: AnswerState = { turn: undefined, error: undefined };

/** One answer at a time: asking again ends the one before, and so does leaving the view. */
export function useAnswerStream(): AnswerStream {
  const [state, setState] = useState(NOTHING);
  const running = useRef<AbortController | undefined>(undefined);
  const turn = useRef<ModelTurn | undefined>(undefined);
  const frame = useRef(0);
  useEffect(() => () => running.current?.abort(), []);
  const show = (next: AnswerState): void => {
    cancelAnimationFrame(frame.current);
    turn.current = next.turn;
    setState(next);
  };
  const ask: AnswerStream['ask'] = async (question, keep) => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    show({ turn: EMPTY_TURN, error: undefined });
    const isLatest = (): boolean => running.current === controller;
    const { turn: whole, error } = await followAnswer(question, controller.signal, (next) => {
      if (!isLatest()) return;
      // A fast model has several tokens in a frame.
      cancelAnimationFrame(frame.current);
      frame.current = requestAnimationFrame(() => setState({ turn: next, error: undefined }));
      turn.current = next;
    });
    // Both in one go: between them the answer would be missing, and the page shorter.
    keep(whole);
    if (isLatest()) show({ turn: undefined, error });
  };
  return {
    state,
    latest: () => turn.current,
    ask,
    stop: () => running.current?.abort(),
    leave: () => {
      running.current?.abort();
      running.current = undefined;
      show(NOTHING);
    },
  };
}

async function followAnswer(
  question: Question,
  signal: AbortSignal,
  show: (turn: ModelTurn) => void,
): Promise<{ turn: ModelTurn; error: unknown }> {
  const startedAt = performance.now();
  let turn = EMPTY_TURN;
  let requestId = '';
  let error: unknown;
  try {
    for await (const piece of streamAnswer(question, signal)) {
      requestId = piece.requestId;
      turn = withTimes(withPiece(turn, piece), performance.now() - startedAt);
      show(turn);
    }
  } catch (thrown) {
    if (!signal.aborted) error = thrown;
    turn = { ...turn, end: signal.aborted ? 'stopped' : 'failed' };
  }
  // A stream that ends without a reason was cut on its way.
  turn = { ...turn, end: turn.end ?? 'failed', figures: await figuresOf(turn.figures, requestId) };
  return { turn, error };
}

/** As measured here: the service's own account comes when the answer is over. */
function withTimes(turn: ModelTurn, elapsedMs: number): ModelTurn {
  const { figures } = turn;
  const ttftMs = figures.ttftMs ?? (turn.tokens.length > 0 ? elapsedMs : undefined);
  return { ...turn, figures: { ...figures, ttftMs, totalMs: elapsedMs } };
}

const RECORD_TIMEOUT_MS = 2000;

/** What the service measured; it is no fault of the answer if it cannot be had. */
async function figuresOf(measured: Figures, requestId: string): Promise<Figures> {
  if (requestId === '') return measured;
  const path = `v1/requests/${encodeURIComponent(requestId)}`;
  const record = await requestJson<RequestRecord>(path, {
    signal: AbortSignal.timeout(RECORD_TIMEOUT_MS),
  }).catch(() => undefined);
  if (record === undefined) return measured;
  const { queue_ms: queueMs, ttft_ms: ttftMs, total_ms: totalMs } = record.timings;
  return {
    numTokens: record.usage.completion_tokens,
    queueMs: queueMs ?? undefined,
    ttftMs: ttftMs ?? measured.ttftMs,
    totalMs,
  };
}

const NUM_ALTERNATIVES = 5;

/**
 * Asks, and yields the answer as it comes.
 *
 * @throws ServiceError; the browser's `AbortError` where the signal ended it
 */
async function* streamAnswer(question: Question, signal: AbortSignal): AsyncGenerator<AnswerPiece> {
  const { path, body } = toRequest(question);
  const streamed = { ...body, stream: true, stream_options: { every_token: true } };
  if (question.kind === 'chat') {
    const asked = { ...streamed, logprobs: true, top_logprobs: NUM_ALTERNATIVES };
    const response = await request(path, { body: asked, signal });
    for await (const event of readEvents<ChatEvent>(response)) yield ofChat(event);
    return;
  }
  const room = body['max_tokens'] === undefined ? { max_tokens: await roomAfter(body, signal) } : {};
  const asked = { ...streamed, ...room, logprobs: NUM_ALTERNATIVES };
  const response = await request(path, { body: asked, signal });
  for await (const event of readEvents<CompletionEvent>(response)) yield ofCompletion(event);
}

/** As many as the service gives to the answer of a chat. A model without an end of its own would go on for hours. */
const MAX_TOKENS = 1024;

/** As many tokens as there is room for: without `max_tokens`, `v1/completions` ends after 16, as at OpenAI. */
async function roomAfter({ model, prompt }: Record<string, unknown>, signal: AbortSignal): Promise<number> {
  const body = { model, prompt };
  const { count, max_model_len: length } = await requestJson<TokenCount>('tokenize', { body, signal });
  return Math.max(1, Math.min(length - count, MAX_TOKENS));
}
