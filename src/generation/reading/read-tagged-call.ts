import type { TaggedFormat } from '../../chat-template/format/chat-format.ts';
import type { AllowedTypes, JsonType } from '../schema-types.ts';
import {
  closingTags,
  isNameCharacter,
  mayBeCalled,
  MAX_NAME_LENGTH,
  skipLead,
  startCall,
  type CallReader,
} from './call-reader.ts';
import { type Reading, TextFeed } from './text-feed.ts';
import { readLiteral } from './read-literal.ts';

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const INTEGER = /^-?(?:0|[1-9]\d*)$/;

/**
 * The JSON of a value that a model wrote without quotation marks; its type comes from the tool's schema. What fits none of
 * the types is a text, as the model wrote it.
 * @param types undefined: any
 */
function bareValueToJson(text: string, types: AllowedTypes): string {
  const trimmed = text.trim();
  const may = (type: JsonType): boolean => types?.has(type) ?? true;
  if (may('null') && (trimmed === 'null' || trimmed === 'None')) return 'null';
  if (may('boolean') && /^(?:true|false)$/i.test(trimmed)) return trimmed.toLowerCase();
  if ((may('number') && NUMBER.test(trimmed)) || (may('integer') && INTEGER.test(trimmed))) return trimmed;
  const type = trimmed.startsWith('{') ? 'object' : trimmed.startsWith('[') ? 'array' : undefined;
  if (type !== undefined && may(type)) {
    if (isJson(trimmed)) return trimmed;
    const literal = pythonToJson(trimmed);
    if (literal !== undefined) return literal;
  }
  // With one type alone a text may have been quoted after all.
  if (types !== undefined && !types.has('string') && trimmed.startsWith('"') && isJson(trimmed))
    return trimmed;
  return JSON.stringify(text);
}

/** What a model wrote as Python; undefined where there is more than one literal. */
function pythonToJson(text: string): string | undefined {
  const feed = new TextFeed();
  feed.append(text);
  feed.end(false);
  const { done, value } = readLiteral(feed).next();
  return done === true && feed.takeNow(() => true).trim() === '' ? value : undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

type TaggedCallReader = CallReader<TaggedFormat>;

const ONLY_TEXT: ReadonlySet<JsonType> = new Set(['string']);

/**
 * Reads `<function=NAME><parameter=KEY>value</parameter></function>` and its kin, behind the first tag. The arguments come
 * as JSON; texts as they grow, other values once they are whole.
 */
export function* readTaggedCall(reader: TaggedCallReader, opening: string): Reading<boolean> {
  const { feed, sink, format } = reader;
  yield* skipLead(reader, opening);
  yield* feed.takeSpace();
  const name = yield* feed.takeWhile(isNameCharacter, MAX_NAME_LENGTH);
  yield* feed.takeSpace();
  const nameClose = format.nameClose.trim();
  const isClosed = nameClose !== '' && (yield* feed.takeText(nameClose)) === 'whole';
  if (!mayBeCalled(reader, name, true) || (nameClose !== '' && !isClosed)) return false;
  yield* feed.takeSpace();
  let hasKey = (yield* feed.takeText(format.keyOpen.trim())) === 'whole';
  if (!hasKey && !isClosed && !(yield* isClosedNext(reader))) return false;
  startCall(reader, name);
  let isFirst = true;
  while (hasKey) {
    const key = yield* readKey(reader);
    if (key === undefined) return yield* endUnlessCut(reader, isFirst);
    sink.callArguments(`${isFirst ? '{' : ','}${JSON.stringify(key)}:`);
    isFirst = false;
    const known = reader.parameters.get(name);
    const next = yield* readValue(reader, known?.has(key) === true ? known.get(key) : ONLY_TEXT);
    if (next === 'cut') return true;
    hasKey = next === 'key';
    if (hasKey) continue;
    yield* feed.takeSpace();
    hasKey = (yield* feed.takeText(format.keyOpen.trim())) === 'whole';
  }
  return yield* endUnlessCut(reader, isFirst);
}

function* endUnlessCut({ feed, sink }: TaggedCallReader, isEmpty: boolean): Reading<true> {
  if ((yield* feed.peek()) === undefined && feed.isCutHere) return true;
  sink.callArguments(isEmpty ? '{}' : '}');
  sink.callEnd();
  return true;
}

/** Without a mark behind the name, what follows says whether it was one. */
function* isClosedNext({ feed, format }: TaggedCallReader): Reading<boolean> {
  for (const tag of closingTags(format)) {
    if ((yield* feed.takeText(tag)) === 'whole') return true;
  }
  return false;
}

function* readKey({ feed, format }: TaggedCallReader): Reading<string | undefined> {
  const { valueOpen } = format;
  const tag = valueOpen.trim();
  // DeepSeek's tag says whether the value is a text.
  const tags = tag.includes('"true"') ? [tag, tag.replace('"true"', '"false"')] : [tag];
  let key = '';
  const { stop } = yield* feed.takeUntil(tags, (more) => (key += more));
  if (stop === undefined) return undefined;
  if (valueOpen.endsWith('\n')) yield* feed.takeIf('\n');
  return key.trim();
}

/** A value and its closing tag; `key`: the tag is missing, and the next key's was consumed. */
function* readValue(
  { feed, sink, format }: TaggedCallReader,
  types: AllowedTypes,
): Reading<'key' | 'end' | 'cut'> {
  const close = format.valueClose.trim();
  const keyOpen = format.keyOpen.trim();
  const others = [keyOpen, ...closingTags(format)].map((tag) => `\n${tag}`);
  const stops = [close, `\n${close}`, ...others];
  const isText = types?.size === 1 && types.has('string');
  let text = '';
  if (isText) sink.callArguments('"');
  const onText = (more: string): void => {
    if (isText) sink.callArguments(escapeJson(more));
    else text += more;
  };
  const { stop } = yield* feed.takeUntil(stops, onText, { dropsPart: true });
  if (stop === undefined && feed.isCutHere) return 'cut';
  sink.callArguments(isText ? '"' : bareValueToJson(text, types));
  return stop === `\n${keyOpen}` ? 'key' : 'end';
}

/** `JSON.stringify` would escape the halves of a character that came in two pieces. */
const escapeJson = (text: string): string =>
  // eslint-disable-next-line no-control-regex -- JSON wants these escaped
  text.replaceAll(/["\\\u0000-\u001F]/g, (character) => JSON.stringify(character).slice(1, -1));
