import { AnswerReader, type AnswerReaderOptions } from '../../src/generation/answer-reader.ts';
import { parameterTypes } from '../../src/generation/constraint/argument-list.ts';
import type { GenerationEvent, GenerationFinish } from '../../src/generation/generation-event.ts';
import type { FinishReason } from '../../src/engine/engine.ts';
import { StepBudget } from '../../src/step-budget.ts';
import { GENERIC_FORMAT } from '../../src/chat-template/format/known-tool-formats.ts';

export interface ReadAnswer {
  reasoning: string;
  content: string;
  calls: { id: string; name: string; args: string }[];
  finish: GenerationFinish | undefined;
}

/** Joins the events of one choice. */
export function joinAnswer(events: readonly GenerationEvent[]): ReadAnswer {
  const answer: ReadAnswer = { reasoning: '', content: '', calls: [], finish: undefined };
  for (const event of events) {
    if (event.type === 'callStart') answer.calls.push({ id: event.id, name: event.name, args: '' });
    else if (event.type === 'finish') answer.finish = event.finish;
    else if (event.type === 'prompt') continue;
    else if (event.type === 'callArguments') {
      const call = answer.calls[event.callIndex];
      if (call !== undefined) call.args += event.text;
    } else answer[event.type] += event.text;
  }
  return answer;
}

export interface ReadOptions extends Partial<Omit<AnswerReaderOptions, 'parameters'>> {
  /** JSON Schemas of the tools' parameters, by the tools' names. */
  parameters?: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  finishReason?: FinishReason;
}

/** Reads an answer that comes in these pieces, each of one token. */
export function readPieces(
  pieces: readonly string[],
  { finishReason = 'stop', parameters = new Map(), ...options }: ReadOptions = {},
): GenerationEvent[] {
  const reader = new AnswerReader({
    tools: GENERIC_FORMAT,
    parameters: new Map([...parameters].map(([name, schema]) => [name, typesOf(name, schema)])),
    wrapsReply: true,
    reasoning: undefined,
    startsInReasoning: false,
    maxCalls: Infinity,
    ...options,
  });
  const deltas = pieces.flatMap((text, tokenId) =>
    reader.read({ type: 'delta', index: 0, text, tokens: [{ tokenId }] }),
  );
  return [...deltas, ...reader.read({ type: 'finish', index: 0, finishReason })];
}

const typesOf = (name: string, parameters: Readonly<Record<string, unknown>>) =>
  parameterTypes({ name, parameters, param: 'tools[0].function' }, new StepBudget(Infinity));

/** What `readPieces` reads, joined to one answer, without the ids of calls, which are random. */
export function readText(pieces: string | readonly string[], options: ReadOptions = {}) {
  const answer = joinAnswer(readPieces(typeof pieces === 'string' ? [pieces] : pieces, options));
  return { ...answer, calls: answer.calls.map(({ name, args }) => ({ name, args })) };
}

/** Cuts a text behind each of these places. */
export function cutAt(text: string, places: readonly number[]): string[] {
  const cuts = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  return [0, ...cuts].map((start, index) => text.slice(start, cuts[index] ?? text.length));
}
