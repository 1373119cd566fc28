import type { JsonFormat, NamedJsonFormat } from '../../chat-template/format/chat-format.ts';
import {
  type CallReader,
  isNameCharacter,
  MAX_NAME_LENGTH,
  mayBeCalled,
  skipLead,
  startCall,
} from './call-reader.ts';
import type { Reading, TextFeed } from './text-feed.ts';
import { isRecord } from '../../values.ts';

const SIMPLE: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
const isHexDigit = (character: string): boolean => /^[0-9a-fA-F]$/.test(character);
const isPlain = (character: string): boolean => character !== '"' && character !== '\\';

/**
 * Consumes a JSON string, of which the opening quote was consumed, and hands on what it stands for as it comes. A lone
 * surrogate waits for its other half. False: the text ended before the closing quote, or there were more characters than
 * allowed.
 */
function* readJsonString(
  feed: TextFeed,
  onText: (text: string) => void,
  mostCharacters = Infinity,
): Reading<boolean> {
  let numCharacters = 0;
  let half = '';
  for (;;) {
    const plain = feed.takeNow(isPlain);
    numCharacters += plain.length;
    if (plain !== '') {
      onText(half + plain);
      half = '';
    }
    if (numCharacters > mostCharacters) return false;
    if (yield* feed.takeIf('"')) {
      onText(half);
      return true;
    }
    if (!(yield* feed.takeIf('\\'))) {
      if ((yield* feed.peek()) !== undefined) continue;
      onText(half);
      return false;
    }
    const character = yield* readEscape(feed);
    numCharacters += character.length;
    const isHigh = /^[\uD800-\uDBFF]$/.test(character);
    if (isHigh) {
      onText(half);
      half = character;
    } else {
      onText(half + character);
      half = '';
    }
  }
}

function* readEscape(feed: TextFeed): Reading<string> {
  const letter = yield* feed.peek();
  if (letter === undefined) return '';
  yield* feed.takeIf(letter);
  if (letter !== 'u') return SIMPLE[letter] ?? letter;
  const digits = yield* feed.takeWhile(isHexDigit, 4);
  return digits.length === 4 ? String.fromCharCode(Number.parseInt(digits, 16)) : `u${digits}`;
}

type JsonCallReader = CallReader<JsonFormat>;

interface ObjectOptions {
  hasTag: boolean;
  /** `{"type": "function", "function": {…}}` is a call within an object. */
  level: number;
}

/**
 * Reads `{"name": …, "arguments": {…}}`, one after the other or a list of them.
 * @param hasTag a tag came before
 * @returns false where there is none; the caller goes back to its mark then
 */
export function* readJsonCalls(reader: JsonCallReader, hasTag: boolean): Reading<boolean> {
  const { feed } = reader;
  let hasBegun = false;
  yield* feed.takeSpace();
  const isList = yield* feed.takeIf('[');
  for (;;) {
    yield* feed.takeSpace();
    const isRead = (yield* feed.peek()) === '{' && (yield* readCallObject(reader, { hasTag, level: 0 }));
    if (!isRead) {
      if (hasBegun) feed.rewind();
      break;
    }
    hasBegun = true;
    feed.mark();
    yield* feed.takeSpace();
    if (!(yield* feed.takeIf(','))) yield* feed.takeIf(';');
  }
  if (isList && hasBegun) {
    yield* feed.takeSpace();
    yield* feed.takeIf(']');
  }
  return hasBegun;
}

/** The generic form: calls, or the reply, in one JSON object. */
export function* readGenericAnswer(reader: JsonCallReader): Reading<boolean> {
  const { feed, sink } = reader;
  yield* feed.takeSpace();
  if (!(yield* feed.takeIf('{'))) return yield* readJsonCalls(reader, false);
  const key = yield* readKey(reader);
  // The reply had not begun.
  if (key === undefined && reader.wrapsReply && feed.isCutHere) return true;
  if (key === 'response' && reader.wrapsReply) {
    feed.release();
    if (yield* feed.takeIf('"')) yield* readJsonString(feed, sink.content);
    else if (!(yield* readRaw(reader, sink.content))) return true;
  } else if (key === 'tool_calls' || key === 'tool_call') {
    if (!(yield* readJsonCalls(reader, true))) return false;
  } else {
    feed.rewind();
    feed.mark();
    return yield* readJsonCalls(reader, false);
  }
  yield* feed.takeSpace();
  yield* feed.takeIf('}');
  return true;
}

/** A key and its colon. */
function* readKey({ feed }: JsonCallReader): Reading<string | undefined> {
  yield* feed.takeSpace();
  if (!(yield* feed.takeIf('"'))) return undefined;
  const key = yield* readShortString({ feed });
  yield* feed.takeSpace();
  if (key === undefined || !(yield* feed.takeIf(':'))) return undefined;
  yield* feed.takeSpace();
  return key;
}

function* readShortString({ feed }: Pick<JsonCallReader, 'feed'>): Reading<string | undefined> {
  let text = '';
  const isWhole = yield* readJsonString(feed, (more) => (text += more), MAX_NAME_LENGTH);
  return isWhole ? text : undefined;
}

/** A JSON value as it is written. */
function* readRaw({ feed }: JsonCallReader, onText: (text: string) => void): Reading<boolean> {
  const first = yield* feed.peek();
  if (first === '{' || first === '[') return yield* feed.takeBalanced(onText);
  if (first === '"') {
    yield* feed.takeIf('"');
    return yield* readJsonString(feed, () => undefined);
  }
  const word = yield* feed.takeWhile((character) => /^[\w.+-]$/.test(character), MAX_NAME_LENGTH);
  onText(word);
  return word !== '';
}

/** What is known of a call while its object is read. */
interface Draft {
  name: string | undefined;
  /** Arguments that came before the name. */
  args: string | undefined;
  isStarted: boolean;
}

/** @returns whether it is a call; once one is started it is, whatever follows */
function* readCallObject(reader: JsonCallReader, options: ObjectOptions): Reading<boolean> {
  const { feed } = reader;
  const draft: Draft = { name: undefined, args: undefined, isStarted: false };
  yield* feed.takeIf('{');
  for (;;) {
    yield* feed.takeSpace();
    if (yield* feed.takeIf('}')) return finish(reader, draft, options);
    const key = yield* readKey(reader);
    if (key === undefined) return draft.isStarted;
    const isRead = draft.isStarted
      ? yield* readRaw(reader, () => undefined)
      : yield* readField(reader, key, draft, options);
    if (!isRead) return draft.isStarted;
    yield* feed.takeSpace();
    yield* feed.takeIf(',');
  }
}

function finish(
  reader: JsonCallReader,
  { name, args, isStarted }: Draft,
  { hasTag }: ObjectOptions,
): boolean {
  if (isStarted) return true;
  if (name === undefined || !mayBeCalled(reader, name, hasTag)) return false;
  startCall(reader, name);
  reader.sink.callArguments(args ?? '{}');
  reader.sink.callEnd();
  return true;
}

function* readField(
  reader: JsonCallReader,
  key: string,
  draft: Draft,
  options: ObjectOptions,
): Reading<boolean> {
  const { feed, format } = reader;
  const first = yield* feed.peek();
  const isName = key === format.nameKey || key === 'name' || (key === 'function' && first === '"');
  if (isName && draft.name === undefined) {
    if (!(yield* feed.takeIf('"'))) return false;
    const name = (yield* readShortString(reader))?.trim();
    if (name === undefined || !mayBeCalled(reader, name, options.hasTag)) return false;
    draft.name = name;
    if (draft.args === undefined) return true;
    draft.isStarted = true;
    startCall(reader, name);
    reader.sink.callArguments(draft.args);
    reader.sink.callEnd();
    return true;
  }
  if (key === format.argumentsKey || key === 'arguments' || key === 'parameters') {
    return yield* readArguments(reader, draft);
  }
  if (key === 'function' && options.level === 0) {
    draft.isStarted = yield* readCallObject(reader, { ...options, level: 1 });
    return draft.isStarted;
  }
  // A JSON answer without a tag is an answer, unless it looks like a call in each of its fields.
  const mayBeSkipped = options.hasTag || key === 'type' || key === 'id';
  return mayBeSkipped && (yield* readRaw(reader, () => undefined));
}

function* readArguments(reader: JsonCallReader, draft: Draft): Reading<boolean> {
  const { feed, sink } = reader;
  const first = yield* feed.peek();
  if (first === '{' && draft.name !== undefined && draft.args === undefined) {
    draft.isStarted = true;
    startCall(reader, draft.name);
    if (yield* feed.takeBalanced(sink.callArguments)) sink.callEnd();
    return true;
  }
  let text = '';
  if (first === '{') {
    if (!(yield* feed.takeBalanced((more) => (text += more)))) return false;
  } else if (first === '"') {
    // Some models write the object as a text.
    yield* feed.takeIf('"');
    if (!(yield* readJsonString(feed, (more) => (text += more))) || !isJsonObject(text)) return false;
  } else {
    if ((yield* feed.takeText('null')) !== 'whole') return false;
    text = '{}';
  }
  draft.args = text;
  if (draft.name === undefined) return true;
  draft.isStarted = true;
  startCall(reader, draft.name);
  sink.callArguments(text);
  sink.callEnd();
  return true;
}

function isJsonObject(text: string): boolean {
  try {
    return isRecord(JSON.parse(text));
  } catch {
    return false;
  }
}

/** Most characters between a name and its arguments. */
const MAX_GAP = 128;
/** Nothing, or tags: `[CALL_ID]a1b2c3d4e[ARGS]`, `>`, the end of an attribute, three backticks and `json`. */
const GAP = /^["']?\s*(?:[[<>`][^]*)?$/;
/** Behind tags a quote begins a text: of the object, as some models write it, or of a tool that takes no object. */
const TEXT_BEGINS = /[\]>`]\s*"$/;

/** Reads `NAME[ARGS]{…}` and its kin, behind the tag. */
export function* readNamedJsonCall(reader: CallReader<NamedJsonFormat>, opening: string): Reading<boolean> {
  const { feed, sink } = reader;
  yield* skipLead(reader, opening);
  yield* feed.takeSpace();
  // Kimi's models number their calls: `get_weather:0`.
  const name = (yield* feed.takeWhile(isNameCharacter, MAX_NAME_LENGTH)).replace(/:\d+$/, '');
  const gap = yield* feed.takeWhile((character) => character !== '{', MAX_GAP);
  if (!mayBeCalled(reader, name, true) || !GAP.test(gap) || (yield* feed.peek()) !== '{') return false;
  if (TEXT_BEGINS.test(gap)) {
    let text = '';
    if (!(yield* readJsonString(feed, (more) => (text += more))) || !isJsonObject(text)) return false;
    startCall(reader, name);
    sink.callArguments(text);
    sink.callEnd();
    return true;
  }
  startCall(reader, name);
  if (yield* feed.takeBalanced(sink.callArguments)) sink.callEnd();
  return true;
}
