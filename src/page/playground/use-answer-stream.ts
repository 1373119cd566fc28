import { useEffect, useRef, useState } from 'preact/hooks';
import { requestJson } from '../service/request.ts';
import type { RequestRecord } from '../service/wire.ts';
import type { Question } from './question.ts';
import { streamAnswer, type DrawnToken } from './stream-answer.ts';

/** An answer as far as it has come. Times are milliseconds, measured in this browser while it runs. */
export interface AnswerState {
  isRunning: boolean;
  isStopped: boolean;
  tokens: readonly DrawnToken[];
  finishReason: string | null;
  ttftMs: number | undefined;
  elapsedMs: number;
  /** The service's own account, once the answer is over. */
  record: RequestRecord | undefined;
  error: unknown;
}

const NOTHING: AnswerState = {
  isRunning: false,
  isStopped: false,
  tokens: [],
  finishReason: null,
  ttftMs: undefined,
  elapsedMs: 0,
  record: undefined,
  error: undefined,
};

export interface AnswerStream {
  state: AnswerState;
  /** Resolves to the text, when the answer is over or was stopped. */
  ask: (question: Question) => Promise<string>;
  /** The service ends the request: its connection is closed. */
  stop: () => void;
}

/** One answer at a time: asking again ends the one before, and so does leaving the view. */
export function useAnswerStream(): AnswerStream {
  const [state, setState] = useState(NOTHING);
  const running = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const ask = async (question: Question): Promise<string> => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    const show = (state: AnswerState): void => {
      if (running.current === controller) setState(state);
    };
    return followAnswer(question, controller.signal, show);
  };
  return { state, ask, stop: () => running.current?.abort() };
}

async function followAnswer(
  question: Question,
  signal: AbortSignal,
  show: (state: AnswerState) => void,
): Promise<string> {
  const startedAt = performance.now();
  let state: AnswerState = { ...NOTHING, isRunning: true };
  let requestId = '';
  const change = (changes: Partial<AnswerState>): void => {
    state = { ...state, ...changes, elapsedMs: performance.now() - startedAt };
    show(state);
  };
  change({});
  try {
    for await (const piece of streamAnswer(question, signal)) {
      requestId = piece.requestId;
      const isFirst = state.tokens.length === 0 && piece.tokens.length > 0;
      change({
        tokens: [...state.tokens, ...piece.tokens],
        finishReason: piece.finishReason ?? state.finishReason,
        ...(isFirst ? { ttftMs: performance.now() - startedAt } : {}),
      });
    }
  } catch (error) {
    change(signal.aborted ? { isStopped: true } : { error });
  }
  change({ isRunning: false });
  const record = await recordOf(requestId);
  show({ ...state, record });
  return state.tokens.map(({ text }) => text).join('');
}

/** What the service measured; it is no fault of the answer if it cannot be had. */
async function recordOf(requestId: string): Promise<RequestRecord | undefined> {
  if (requestId === '') return undefined;
  return requestJson<RequestRecord>(`v1/requests/${encodeURIComponent(requestId)}`).catch(() => undefined);
}
