import type { ToolFormat } from '../../chat-template/format/chat-format.ts';
import type { AllowedTypes } from '../schema-types.ts';
import type { Reading, TextFeed } from './text-feed.ts';

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

/** What the readers of calls work with. */
export interface CallReader<Format extends ToolFormat = ToolFormat> {
  readonly feed: TextFeed;
  readonly sink: AnswerSink;
  readonly format: Format;
  /** The types of each tool's parameters, by the tools' names; of a format that writes JSON there need be none. */
  readonly parameters: ReadonlyMap<string, ReadonlyMap<string, AllowedTypes>>;
  /** The model was asked to wrap a reply: `{"response": …}`. */
  readonly wrapsReply: boolean;
}

/** Most characters of a name or key: what is longer is no call. */
export const MAX_NAME_LENGTH = 256;

export const isNameCharacter = (character: string): boolean => /^[\p{L}\p{N}_.:/-]$/u.test(character);
export const isWordCharacter = (character: string): boolean => /^[\p{L}\p{N}_.]$/u.test(character);

/** A call is read: from here on there is no way back to plain text. */
export function startCall({ feed, sink }: CallReader, name: string): void {
  feed.release();
  sink.callStart(name);
}

/**
 * Whether a name can be the start of a call. With a tag before it any can: the client tells the model that there is no such
 * tool, and the model mends it. Without a tag it must be one of the tools: any JSON answer may hold a `name`.
 */
export const mayBeCalled = ({ format, parameters }: CallReader, name: string, hasTag: boolean): boolean =>
  name !== '' && (hasTag || !format.isBare || parameters.has(name));

/** Consumes what stands between the tag that was found and the name, where it is there: models leave out parts of it. */
export function* skipLead({ feed, format }: CallReader, opening: string): Reading<void> {
  const lead = format.open + format.callOpen;
  const at = lead.indexOf(opening);
  const pieces: readonly string[] = at === -1 ? [] : (lead.slice(at + opening.length).match(PIECES) ?? []);
  for (const piece of pieces) {
    yield* feed.takeSpace();
    yield* feed.takeText(piece);
  }
}

const PIECES = /<[^<>\s]*>?|\[[A-Z_]+\]|[^<[\s]+/g;
const CLOSING_TAGS = /<[^<>\s]+>|\[[A-Z_/]+\]|```/g;

/** The tags after a call, in whatever order and number. */
export const closingTags = ({ callClose, close }: ToolFormat): readonly string[] => [
  ...new Set(`${callClose} ${close}`.match(CLOSING_TAGS) ?? []),
];
