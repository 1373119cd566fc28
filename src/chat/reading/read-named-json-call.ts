import type { NamedJsonFormat } from '../../text/chat-format/chat-format.ts';
import {
  isNameCharacter,
  mayBeCalled,
  MAX_NAME_LENGTH,
  skipLead,
  startCall,
  type CallReader,
} from './call-reader.ts';
import type { Reading } from './text-feed.ts';

/** Most characters between a name and its arguments. */
const MAX_GAP = 128;
/** Nothing, or tags: `[CALL_ID]a1b2c3d4e[ARGS]`, `>`, three backticks and `json`. */
const GAP = /^\s*(?:[[<>`][^]*)?$/;

/** Reads `NAME[ARGS]{…}` and its kin, behind the tag. */
export function* readNamedJsonCall(reader: CallReader<NamedJsonFormat>, opening: string): Reading<boolean> {
  const { feed, sink } = reader;
  yield* skipLead(reader, opening);
  yield* feed.takeSpace();
  // Kimi's models number their calls: `get_weather:0`.
  const name = (yield* feed.takeWhile(isNameCharacter, MAX_NAME_LENGTH)).replace(/:\d+$/, '');
  const gap = yield* feed.takeWhile((character) => character !== '{', MAX_GAP);
  if (!mayBeCalled(reader, name, true) || !GAP.test(gap) || (yield* feed.peek()) !== '{') return false;
  startCall(reader, name);
  if (yield* feed.takeBalanced(sink.callArguments)) sink.callEnd();
  return true;
}
