import type { ReasoningFormat, ToolFormat } from '../../chat-template/format/chat-format.ts';
import { type AnswerSink, type CallReader, closingTags } from './call-reader.ts';
import { readGenericAnswer, readJsonCalls, readNamedJsonCall } from './read-json-calls.ts';
import { readGemmaCall, readPythonicCalls } from './read-pythonic-calls.ts';
import { readTaggedCall } from './read-tagged-call.ts';
import type { Reading, TextFeed } from './text-feed.ts';

/** What a model may write beside content. */
export interface AnswerShape {
  /** Undefined: calls are not looked for. */
  readonly tools: ToolFormat | undefined;
  readonly parameters: CallReader['parameters'];
  readonly wrapsReply: boolean;
  readonly reasoning: ReasoningFormat | undefined;
  /** The prompt ends in the opening tag of reasoning. */
  readonly startsInReasoning: boolean;
}

/** What begins like a call so often and is none is content to its end: going back costs time. */
const MAX_FAILED_CALLS = 16;

/** Reads the text of one answer. What cannot be read as reasoning or a call is content, as the model wrote it. */
export function* readAnswerText(feed: TextFeed, sink: AnswerSink, shape: AnswerShape): Reading<void> {
  const { reasoning, tools, parameters, wrapsReply, startsInReasoning } = shape;
  if (reasoning !== undefined) yield* readReasoning(feed, sink, reasoning, startsInReasoning);
  if (tools === undefined) yield* feed.takeRest(sink.content);
  else yield* readContent({ feed, sink, format: tools, parameters, wrapsReply });
}

function* readReasoning(
  feed: TextFeed,
  sink: AnswerSink,
  { opening, closing }: ReasoningFormat,
  startsInReasoning: boolean,
): Reading<void> {
  feed.mark();
  yield* feed.takeSpace();
  const isOpened = (yield* feed.takeText(opening)) === 'whole';
  if (!isOpened) feed.rewind();
  if (!isOpened && !startsInReasoning) return;
  feed.release();
  yield* feed.takeSpace();
  const { stop } = yield* feed.takeUntil([closing], sink.reasoning, { holdsSpace: true });
  // Templates take off line breaks here, and leave what else there is.
  if (stop !== undefined) yield* feed.takeWhile((character) => character === '\n' || character === '\r');
}

function* readContent(reader: CallReader): Reading<void> {
  const { feed, sink, format } = reader;
  let isBehindCall = format.isBare && (yield* readBareCalls(reader));
  let numFailed = 0;
  while (numFailed < MAX_FAILED_CALLS) {
    if (isBehindCall) yield* skipClosingTags(reader);
    const { stop, space } = yield* feed.takeUntil(format.openings, sink.content, { holdsSpace: true });
    if (stop === undefined) return;
    feed.mark();
    isBehindCall = yield* readCalls(reader, stop);
    if (isBehindCall) {
      feed.release();
      continue;
    }
    feed.rewind();
    sink.content(space + stop);
    numFailed++;
  }
  yield* feed.takeRest(sink.content);
}

/** Calls without a tag, from the first character on. */
function* readBareCalls(reader: CallReader): Reading<boolean> {
  const { feed } = reader;
  feed.mark();
  const isRead = yield* readBare(reader);
  if (isRead) feed.release();
  else feed.rewind();
  return isRead;
}

function* readBare({ format, ...reader }: CallReader): Reading<boolean> {
  if (format.shape === 'pythonic') return yield* readPythonicCalls({ ...reader, format }, false);
  if (format.shape !== 'json') return false;
  if (format.isGeneric) return yield* readGenericAnswer({ ...reader, format });
  return yield* readJsonCalls({ ...reader, format }, false);
}

function* readCalls({ format, ...reader }: CallReader, opening: string): Reading<boolean> {
  switch (format.shape) {
    case 'json':
      return yield* readJsonCalls({ ...reader, format }, true);
    case 'namedJson':
      return yield* readNamedJsonCall({ ...reader, format }, opening);
    case 'tagged':
      return yield* readTaggedCall({ ...reader, format }, opening);
    case 'pythonic':
      return yield* readPythonicCalls({ ...reader, format }, true);
    case 'gemma':
      return yield* readGemmaCall({ ...reader, format });
  }
}

/** White space and closing tags behind a call are no content. */
function* skipClosingTags({ feed, format }: CallReader): Reading<void> {
  const tags = closingTags(format);
  for (;;) {
    yield* feed.takeSpace();
    let isTaken = false;
    for (const tag of tags) isTaken ||= (yield* feed.takeText(tag)) !== 'none';
    if (!isTaken) return;
  }
}
