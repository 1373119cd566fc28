import type { JSX } from 'preact';
import type { AnswerState } from './use-answer-stream.ts';

/** What the answer took: measured here while it runs, by the service when it is over. */
export function Timings({ state }: { state: AnswerState }): JSX.Element | null {
  if (!state.isRunning && state.tokens.length === 0) return null;
  return (
    <dl class="timings">
      {timingsOf(state).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function timingsOf({
  tokens,
  ttftMs,
  elapsedMs,
  record,
  finishReason,
  isStopped,
}: AnswerState): [string, string][] {
  const first = record?.timings.ttft_ms ?? ttftMs;
  const total = record?.timings.total_ms ?? elapsedMs;
  const decodeMs = first === undefined ? 0 : total - first;
  const end = isStopped ? 'stopped' : finishReason;
  return [
    ['Queue', milliseconds(record?.timings.queue_ms ?? undefined)],
    ['First token', milliseconds(first)],
    [
      'Tokens per second',
      decodeMs > 0 && tokens.length > 1 ? ((1000 * (tokens.length - 1)) / decodeMs).toFixed(1) : '–',
    ],
    ['Tokens', String(record?.usage.completion_tokens ?? tokens.length)],
    ['Ended by', end ?? '–'],
  ];
}

const milliseconds = (value: number | undefined): string =>
  value === undefined ? '–' : `${value.toFixed(0)} ms`;
