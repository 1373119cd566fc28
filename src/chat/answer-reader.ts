import type { CompletionEvent, FinishReason, SampledToken } from '../engine/engine.ts';
import type { AnswerEvent, AnswerFinish } from './answer.ts';
import { makeCallId } from './call-id.ts';
import { AnswerSink, type AnswerPiece } from './reading/answer-sink.ts';
import { readAnswerText, type AnswerShape } from './reading/read-answer-text.ts';
import { TextFeed } from './reading/text-feed.ts';

export interface AnswerReaderOptions extends AnswerShape {
  /** Calls beyond so many are dropped. */
  readonly maxCalls: number;
  /** Stop strings that the service added: the client is not told of them. */
  readonly ownStops: readonly string[];
}

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
  read(event: CompletionEvent): AnswerEvent[] {
    if (event.type === 'prompt') return [];
    const choice = this.#choices.get(event.index) ?? new ChoiceReader(event.index, this.#options);
    this.#choices.set(event.index, choice);
    if (event.type === 'delta') return choice.push(event.text, event.tokens);
    const { finishReason, stopString } = event;
    // After an error there is no finish: the iteration throws.
    if (finishReason === 'error') return [];
    const isOwn = stopString === undefined || this.#options.ownStops.includes(stopString);
    return choice.end(finishReason, isOwn ? undefined : stopString);
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

  push(text: string, tokens: readonly SampledToken[]): AnswerEvent[] {
    this.#tokens.push(...tokens);
    if (text === '') return [];
    this.#feed.append(text);
    this.#reading.next();
    return this.#takeEvents();
  }

  end(finishReason: Exclude<FinishReason, 'error'>, stopString: string | undefined): AnswerEvent[] {
    this.#feed.end(finishReason !== 'stop' || stopString !== undefined);
    this.#reading.next();
    const events = this.#takeEvents();
    const index = this.#index;
    if (this.#tokens.length > 0)
      events.push({ type: 'content', index, text: '', tokens: this.#takeTokens() });
    const hasCalled = this.#numCalls > 0 && this.#numWholeCalls === this.#numCalls;
    const finish: AnswerFinish = finishReason === 'stop' && hasCalled ? 'toolCalls' : finishReason;
    events.push({ type: 'finish', index, finish, ...(stopString === undefined ? {} : { stopString }) });
    return events;
  }

  #takeEvents(): AnswerEvent[] {
    return this.#sink.take().flatMap((piece) => this.#toEvent(piece) ?? []);
  }

  #toEvent(piece: AnswerPiece): AnswerEvent | undefined {
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
