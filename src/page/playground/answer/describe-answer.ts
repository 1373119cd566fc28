import type { Figures } from '../chats/chat.ts';

/** `43 tokens · first token after 32 ms · 310 tokens/s`, and the wait in the queue where there was one. */
export function describeFigures({ numTokens, queueMs, ttftMs, totalMs }: Figures): string {
  const decodeMs = ttftMs === undefined || totalMs === undefined ? 0 : totalMs - ttftMs;
  const rate = decodeMs > 0 && numTokens > 1 ? (1000 * (numTokens - 1)) / decodeMs : undefined;
  return [
    `${numTokens} ${numTokens === 1 ? 'token' : 'tokens'}`,
    ...(ttftMs === undefined ? [] : [`first token after ${milliseconds(ttftMs)}`]),
    ...(queueMs === undefined || queueMs < 1 ? [] : [`${milliseconds(queueMs)} of it in the queue`]),
    ...(rate === undefined ? [] : [`${rate.toFixed(rate < 10 ? 1 : 0)} tokens/s`]),
  ].join(' · ');
}

const milliseconds = (value: number): string =>
  value < 10_000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(1)} s`;

/** Why an answer ended, where a reader would wonder; empty for the model's own end. */
export function describeEnd(end: string | undefined): string {
  const words: Readonly<Record<string, string>> = {
    length: 'It stopped at Max tokens, or at the limit of the model or the service.',
    stopped: 'You stopped it.',
    failed: 'The answer broke off here.',
    abort: 'The service ended it.',
  };
  return words[end ?? ''] ?? '';
}
