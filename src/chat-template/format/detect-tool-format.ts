import type {
  GemmaFormat,
  JsonFormat,
  NamedJsonFormat,
  PythonicFormat,
  ReasoningFormat,
  TaggedFormat,
  ToolFormat,
} from './chat-format.ts';
import {
  formatOfListing,
  FUNCTION_GEMMA_FORMAT,
  PYTHON_TAGS,
  PYTHONIC_FORMAT,
} from './known-tool-formats.ts';
import { WORDS } from './probe-conversation.ts';

/** What a template writes of the questions in probe-conversation.ts; undefined: it refuses. */
export interface ToolRenderings {
  /** The question and the tools, up to where the answer begins. */
  readonly prompt: string;
  readonly oneCall: string | undefined;
  readonly twoCalls: string | undefined;
  /** A plain answer, and what follows it. */
  readonly plain: string | undefined;
  /** A prompt may end in its opening tag. */
  readonly reasoning: ReasoningFormat | undefined;
}

/** What stands around the first call of a turn, and between it and a second one. */
interface Around {
  /** From the start of the turn to the name. */
  readonly before: string;
  /** From the end of the arguments to the end of the turn. */
  readonly after: string;
  /** From the end of the arguments to the next name; undefined: the template refuses two calls. */
  readonly between: string | undefined;
}

/** `<tool_call>`, `<function=`, `<call name="`, `[TOOL_CALLS]`. */
const TAG = /<[^<>\s]+(?: [\w-]+=["']?)?>?|\[[A-Z_]+\]/g;
const CLOSINGS = /^[^<]*?["'})\]\s]*(?:\s*(?:<\/[^<>]+>|<[^<>]*end[^<>]*>|\]|```))*/i;
const GEMMA_CALL = new RegExp(
  String.raw`(<[^<>\s]+>)call:${WORDS.name}\{${WORDS.firstKey}:(<[^<>\s]+>)${WORDS.firstValue}\2.*` +
    String.raw`${WORDS.secondValue}\2\}(<[^<>\s]+>)`,
);
const JSON_NAME = /\{[^{}]*"(\w+)"\s*:\s*"$/;
const JSON_ARGUMENTS_KEY = /^"\s*,\s*"(\w+)"\s*:\s*$/;
const JSON_ARGUMENTS = new RegExp(
  String.raw`\{\s*"${WORDS.firstKey}"\s*:\s*"${WORDS.firstValue}"\s*,\s*` +
    String.raw`"${WORDS.secondKey}"\s*:\s*"${WORDS.secondValue}"\s*\}`,
);

/**
 * The format of a model's calls, from the texts that differ between renderings: of one call and of two. Undefined: the
 * template's way is none of the known shapes.
 */
export function detectToolFormat(renderings: ToolRenderings): ToolFormat | undefined {
  const { oneCall, twoCalls, prompt } = renderings;
  const gemma = oneCall === undefined ? undefined : toGemmaFormat(oneCall);
  if (gemma !== undefined) return gemma;
  const format =
    oneCall?.includes(WORDS.name) === true
      ? formatOfTurn(
          turnOf(oneCall, renderings),
          twoCalls === undefined ? undefined : turnOf(twoCalls, renderings),
        )
      : undefined;
  return format ?? formatOfListing(prompt);
}

function formatOfTurn(turn: string, turnOfTwo: string | undefined): ToolFormat | undefined {
  if (turn.includes(`${WORDS.name}(${WORDS.firstKey}=`)) return toPythonicFormat(turn);
  const format = toJsonFormat(turn, turnOfTwo) ?? toTaggedFormat(turn, turnOfTwo);
  return format !== undefined && isWhole(format) ? format : undefined;
}

/** False for texts that differ from call to call: they hold a name or an id. And nothing but JSON can begin without a tag. */
function isWhole({
  open,
  callOpen,
  callClose,
  nameClose,
  shape,
  isBare,
}: JsonFormat | NamedJsonFormat | TaggedFormat) {
  const texts = [open, callOpen, callClose, nameClose];
  if (Object.values(WORDS).some((word) => texts.some((text) => text.includes(word)))) return false;
  if (shape === 'namedJson' && callOpen.includes('{')) return false;
  return !isBare || (shape === 'json' && /^\s*[[{]/.test(open + callOpen));
}

/** The assistant's turn: from where a prompt ends to where the turn of a plain answer ends. */
function turnOf(rendered: string, { prompt, plain, reasoning }: ToolRenderings): string {
  const header = reasoning === undefined ? prompt : withoutReasoning(prompt, reasoning);
  let turn = rendered.slice(commonPrefix(header, rendered).length).trimStart();
  for (const tag of reasoning === undefined ? [] : [reasoning.opening, reasoning.closing]) {
    if (turn.startsWith(tag)) turn = turn.slice(tag.length).trimStart();
  }
  turn = withoutIds(turn);
  const last = turn.lastIndexOf(WORDS.secondValue) + WORDS.secondValue.length;
  const tag = plain === undefined ? undefined : turnEnd(plain);
  const end = tag === undefined ? -1 : turn.indexOf(tag, last);
  const result = turn.indexOf(WORDS.result, last);
  if (end !== -1 && (result === -1 || end < result)) return turn.slice(0, end);
  // The turn has no end of its own: what belongs to the call are closing tags.
  return turn.slice(0, last) + (CLOSINGS.exec(turn.slice(last))?.[0] ?? '');
}

/** A prompt may end in reasoning that is opened, or also closed. */
function withoutReasoning(prompt: string, { opening, closing }: ReasoningFormat): string {
  let header = prompt.trimEnd();
  for (const tag of [closing, opening]) {
    if (header.endsWith(tag)) header = header.slice(0, -tag.length).trimEnd();
  }
  return header;
}

/** The tag after an answer. */
function turnEnd(plain: string): string | undefined {
  const after = plain.slice(plain.indexOf(WORDS.content) + WORDS.content.length);
  return /^\s*(<[^<>]+>)/.exec(after)?.[1];
}

/** Templates write the ids of earlier calls; models are not asked for them. */
const withoutIds = (turn: string): string =>
  turn.replaceAll(`, "id": "${WORDS.id}"`, '').replaceAll(`[CALL_ID]${WORDS.id}`, '');

function toJsonFormat(turn: string, turnOfTwo: string | undefined): JsonFormat | NamedJsonFormat | undefined {
  const nameAt = turn.indexOf(WORDS.name);
  const rest = turn.slice(nameAt + WORDS.name.length);
  const args = JSON_ARGUMENTS.exec(rest);
  if (args === null) return undefined;
  const [written] = args;
  const nameClose = rest.slice(0, args.index);
  const before = turn.slice(0, nameAt);
  const after = rest.slice(args.index + written.length);
  const layout = toLayout({ before, after, between: betweenCalls(turnOfTwo, written) });
  const nameKey = JSON_NAME.exec(before)?.[1];
  const argumentsKey = JSON_ARGUMENTS_KEY.exec(nameClose)?.[1];
  if (nameKey === undefined) return { shape: 'namedJson', ...layout, nameClose };
  if (argumentsKey === undefined) return undefined;
  return { shape: 'json', ...layout, nameClose, nameKey, argumentsKey, isGeneric: false };
}

function toTaggedFormat(turn: string, turnOfTwo: string | undefined): TaggedFormat | undefined {
  const { name, firstKey, firstValue, secondKey, secondValue } = WORDS;
  const parts = splitAt(turn, [name, firstKey, firstValue, secondKey, secondValue]);
  if (parts === undefined) return undefined;
  const [before = '', nameToKey = '', valueOpen = '', valueToKey = '', , afterValue = ''] = parts;
  const keyOpen = fromTagBoundary(commonSuffix(nameToKey, valueToKey));
  const valueClose = valueToKey.slice(0, valueToKey.length - keyOpen.length);
  if (keyOpen.trim() === '' || valueClose.trim() === '' || !afterValue.startsWith(valueClose))
    return undefined;
  const between = betweenCalls(turnOfTwo, secondValue)?.slice(valueClose.length);
  const layout = toLayout({ before, after: afterValue.slice(valueClose.length), between });
  const nameClose = nameToKey.slice(0, nameToKey.length - keyOpen.length);
  return { shape: 'tagged', ...layout, nameClose, keyOpen, valueOpen, valueClose };
}

function toPythonicFormat(turn: string): PythonicFormat {
  const tag = /^<[^<>\s]+>/.exec(turn)?.[0];
  if (tag === undefined) return PYTHONIC_FORMAT;
  const close = turn.slice(turn.lastIndexOf(']'));
  return { ...PYTHONIC_FORMAT, openings: [tag], isBare: false, open: `${tag}[`, close };
}

/** Tags differ between FunctionGemma and Gemma 4. */
function toGemmaFormat(oneCall: string): GemmaFormat | undefined {
  const [, opening, quote, closing] = GEMMA_CALL.exec(oneCall) ?? [];
  if (opening === undefined || quote === undefined || closing === undefined) return undefined;
  if (opening === FUNCTION_GEMMA_FORMAT.openings[0]) return FUNCTION_GEMMA_FORMAT;
  const tags = { openings: [opening], callOpen: `${opening}call:`, callClose: `}${closing}`, quote };
  return { ...FUNCTION_GEMMA_FORMAT, ...tags, stops: [] };
}

/** From the end of the first call's arguments to the second call's name. */
function betweenCalls(turnOfTwo: string | undefined, endOfArguments: string): string | undefined {
  const parts =
    turnOfTwo === undefined ? undefined : splitAt(turnOfTwo, [WORDS.name, endOfArguments, WORDS.name]);
  return parts?.[2];
}

function toLayout({ before, after, between }: Around) {
  const callOpen = between === undefined ? before : fromTagBoundary(commonSuffix(before, between));
  const open = before.slice(0, before.length - callOpen.length);
  const toNext = between?.slice(0, between.length - callOpen.length);
  const callClose = toNext === undefined ? after : toTagBoundary(commonPrefix(toNext, after));
  const tags: readonly string[] = before.match(TAG) ?? [];
  return {
    openings: tags.length === 0 ? PYTHON_TAGS : tags,
    isBare: tags.length === 0,
    open,
    callOpen,
    callClose,
    separator: toNext?.slice(callClose.length),
    close: after.slice(callClose.length),
    stops: [],
  };
}

/** The texts before, between and after words that follow each other; undefined where one is missing. */
function splitAt(text: string, words: readonly string[]): string[] | undefined {
  const parts: string[] = [];
  let start = 0;
  for (const word of words) {
    const at = text.indexOf(word, start);
    if (at === -1) return undefined;
    parts.push(text.slice(start, at));
    start = at + word.length;
  }
  return [...parts, text.slice(start)];
}

/** The text that both begin with. */
function commonPrefix(a: string, b: string): string {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return a.slice(0, length);
}

/** The text that both end with. */
function commonSuffix(a: string, b: string): string {
  let length = 0;
  while (length < a.length && length < b.length && a[a.length - 1 - length] === b[b.length - 1 - length]) {
    length++;
  }
  return a.slice(a.length - length);
}

/** A suffix that begins in the middle of a tag, from the tag's end on: tags end alike by chance. */
const fromTagBoundary = (suffix: string): string => suffix.replace(/^[^<[{]*[>\]]/, '');

/** A prefix that ends in the middle of a tag, up to the tag. */
const toTagBoundary = (prefix: string): string => prefix.replace(/<[^<>]*$/, '');
