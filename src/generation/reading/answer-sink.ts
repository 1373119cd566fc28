/** What a reader of an answer found, before it has an id, a choice and tokens. */
type TextType = 'reasoning' | 'content' | 'callArguments';

export type AnswerPiece =
  | { readonly type: TextType; readonly text: string }
  | { readonly type: 'callStart'; readonly name: string }
  /** The call's arguments are whole. */
  | { readonly type: 'callEnd' };

/** Where the readers put what they found. Pieces of one kind that follow each other are joined. */
export class AnswerSink {
  #pieces: AnswerPiece[] = [];
  /** Calls beyond this one are dropped. */
  readonly #maxCalls: number;
  #numCalls = 0;
  #isDropping = false;

  constructor(maxCalls = Infinity) {
    this.#maxCalls = maxCalls;
  }

  readonly reasoning = (text: string): void => this.#add('reasoning', text);
  readonly content = (text: string): void => this.#add('content', text);
  readonly callArguments = (text: string): void => {
    if (!this.#isDropping) this.#add('callArguments', text);
  };

  callStart(name: string): void {
    this.#isDropping = this.#numCalls >= this.#maxCalls;
    if (this.#isDropping) return;
    this.#numCalls++;
    this.#pieces.push({ type: 'callStart', name });
  }

  callEnd(): void {
    if (!this.#isDropping) this.#pieces.push({ type: 'callEnd' });
  }

  /** What was found since the last time. */
  take(): AnswerPiece[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }

  #add(type: TextType, text: string): void {
    if (text === '') return;
    const last = this.#pieces.at(-1);
    if (last !== undefined && 'text' in last && last.type === type)
      this.#pieces[this.#pieces.length - 1] = { type, text: last.text + text };
    else this.#pieces.push({ type, text });
  }
}
