import { randomInt } from 'node:crypto';
import type { CompletionEvent, FinishReason, SampledToken } from '../engine/engine.ts';
import type { GenerationEvent, GenerationFinish } from './generation-event.ts';
import { type AnswerPiece, AnswerSink } from './reading/call-reader.ts';
import { type AnswerShape, readAnswerText } from './reading/read-answer-text.ts';
import { TextFeed } from './reading/text-feed.ts';

export interface AnswerReaderOptions extends AnswerShape {
  /** Calls beyond so many are dropped. */
  readonly maxCalls: number;
}

type ChoiceEvent = Exclude<CompletionEvent, { type: 'prompt' }>;

/**
 * Turns the events of a completion into those of an answer, choice by choice. How the text is cut into deltas makes no
 * difference to what comes out, all taken together.
 */
export class AnswerReader {
  readonly #options: AnswerReaderOptions;
  readonly #choices = new Map<number, ChoiceReader>();

  constructor(options: AnswerReaderOptions) {
    this.#options = options;
  }

  /** What became final with this event. */
  read(event: ChoiceEvent): GenerationEvent[] {
    const choice = this.#choices.get(event.index) ?? new ChoiceReader(event.index, this.#options);
    this.#choices.set(event.index, choice);
    if (event.type === 'delta') return choice.push(event.text, event.tokens);
    // After an error there is no finish: the iteration throws.
    if (event.finishReason === 'error') return [];
    return choice.end(event.finishReason, event.stopString);
  }
}

class ChoiceReader {
  readonly #index: number;
  readonly #feed = new TextFeed();
  readonly #sink: AnswerSink;
  readonly #reading: Iterator<undefined, void>;
  /** Tokens whose text is not out yet. */
  #tokens: SampledToken[] = [];
  #numCalls = 0;
  #numWholeCalls = 0;

  constructor(index: number, { maxCalls, ...shape }: AnswerReaderOptions) {
    this.#index = index;
    this.#sink = new AnswerSink(maxCalls);
    this.#reading = readAnswerText(this.#feed, this.#sink, shape);
  }

  push(text: string, tokens: readonly SampledToken[]): GenerationEvent[] {
    this.#tokens.push(...tokens);
    if (text === '') return [];
    this.#feed.append(text);
    this.#reading.next();
    return this.#takeEvents();
  }

  end(finishReason: Exclude<FinishReason, 'error'>, stopString: string | undefined): GenerationEvent[] {
    this.#feed.end(finishReason !== 'stop' || stopString !== undefined);
    this.#reading.next();
    const events = this.#takeEvents();
    const index = this.#index;
    if (this.#tokens.length > 0)
      events.push({ type: 'content', index, text: '', tokens: this.#takeTokens() });
    const hasCalled = this.#numCalls > 0 && this.#numWholeCalls === this.#numCalls;
    const finish: GenerationFinish = finishReason === 'stop' && hasCalled ? 'toolCalls' : finishReason;
    events.push({ type: 'finish', index, finish, ...(stopString === undefined ? {} : { stopString }) });
    return events;
  }

  #takeEvents(): GenerationEvent[] {
    return this.#sink.take().flatMap((piece) => this.#toEvent(piece) ?? []);
  }

  #toEvent(piece: AnswerPiece): GenerationEvent | undefined {
    const index = this.#index;
    switch (piece.type) {
      case 'callEnd':
        this.#numWholeCalls++;
        return undefined;
      case 'callStart': {
        const callIndex = this.#numCalls++;
        const { name } = piece;
        return { type: 'callStart', index, callIndex, id: makeCallId(), name, tokens: this.#takeTokens() };
      }
      case 'callArguments': {
        const { text } = piece;
        return {
          type: 'callArguments',
          index,
          callIndex: this.#numCalls - 1,
          text,
          tokens: this.#takeTokens(),
        };
      }
      default:
        return { type: piece.type, index, text: piece.text, tokens: this.#takeTokens() };
    }
  }

  #takeTokens(): SampledToken[] {
    const tokens = this.#tokens;
    this.#tokens = [];
    return tokens;
  }
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const LENGTH = 24;

/** The id of a call, as OpenAI's look. It cannot be guessed: clients use it as a key. */
const makeCallId = (): string =>
  `call_${Array.from({ length: LENGTH }, () => LETTERS.charAt(randomInt(LETTERS.length))).join('')}`;
