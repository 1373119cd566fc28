import type { GemmaFormat, PythonicFormat } from '../../chat-template/format/chat-format.ts';
import {
  isNameCharacter,
  isWordCharacter,
  mayBeCalled,
  MAX_NAME_LENGTH,
  startCall,
  type CallReader,
} from './call-reader.ts';
import { readKey, readLiteral } from './read-literal.ts';
import type { Reading } from './text-feed.ts';

/**
 * Reads `[f(a='x', b=2), g()]`; the arguments come as JSON, value by value.
 * @returns false where there is none; the caller goes back to its mark then
 */
export function* readPythonicCalls(reader: CallReader<PythonicFormat>, hasTag: boolean): Reading<boolean> {
  const { feed } = reader;
  let hasBegun = false;
  yield* feed.takeSpace();
  if (!(yield* feed.takeIf('['))) return false;
  for (;;) {
    yield* feed.takeSpace();
    if (!(yield* readPythonicCall(reader, hasTag))) {
      if (hasBegun) feed.rewind();
      break;
    }
    hasBegun = true;
    feed.mark();
    yield* feed.takeSpace();
    if (yield* feed.takeIf(',')) continue;
    yield* feed.takeIf(']');
    feed.release();
    break;
  }
  return hasBegun;
}

function* readPythonicCall(reader: CallReader<PythonicFormat>, hasTag: boolean): Reading<boolean> {
  const { feed, sink } = reader;
  const name = yield* feed.takeWhile(isWordCharacter, MAX_NAME_LENGTH);
  if (!mayBeCalled(reader, name, hasTag) || !(yield* feed.takeIf('('))) return false;
  let isStarted = false;
  for (;;) {
    yield* feed.takeSpace();
    if (yield* feed.takeIf(')')) {
      if (!isStarted) startCall(reader, name);
      sink.callArguments(isStarted ? '}' : '{}');
      sink.callEnd();
      return true;
    }
    const key = yield* feed.takeWhile(isWordCharacter, MAX_NAME_LENGTH);
    yield* feed.takeSpace();
    if (key === '' || !(yield* feed.takeIf('='))) return isStarted && (yield* closeArguments(reader, ')'));
    if (!isStarted) startCall(reader, name);
    const value = yield* readLiteral(feed);
    if (feed.isCutHere) return true;
    sink.callArguments(`${isStarted ? ',' : '{'}${JSON.stringify(key)}:${value}`);
    isStarted = true;
    yield* feed.takeSpace();
    yield* feed.takeIf(',');
  }
}

/** Reads `call:NAME{key:<escape>text<escape>,n:1}`, behind the tag. */
export function* readGemmaCall(reader: CallReader<GemmaFormat>): Reading<boolean> {
  const { feed, sink, format } = reader;
  yield* feed.takeSpace();
  if ((yield* feed.takeText('call:')) !== 'whole') return false;
  const name = yield* feed.takeWhile(isNameCharacter, MAX_NAME_LENGTH);
  yield* feed.takeSpace();
  if (name === '' || !(yield* feed.takeIf('{'))) return false;
  startCall(reader, name);
  let text = '{';
  for (;;) {
    yield* feed.takeSpace();
    if (yield* feed.takeIf('}')) {
      sink.callArguments(`${text === '{' ? '{' : ''}}`);
      sink.callEnd();
      return true;
    }
    const key = yield* readKey(feed, format);
    if (key === '' || !(yield* feed.takeIf(':'))) {
      sink.callArguments(text === '{' ? '{' : '');
      return yield* closeArguments(reader, '}');
    }
    const value = yield* readLiteral(feed, format);
    if (feed.isCutHere) return true;
    sink.callArguments(`${text}${JSON.stringify(key)}:${value}`);
    text = ',';
    yield* feed.takeSpace();
    yield* feed.takeIf(',');
  }
}

/** Arguments that go on in a way that is none: they end where the call does, or where the model ended. */
function* closeArguments({ feed, sink }: CallReader, close: string): Reading<true> {
  yield* feed.takeUntil([close], () => undefined);
  if (feed.isCutHere) return true;
  sink.callArguments('}');
  sink.callEnd();
  return true;
}
