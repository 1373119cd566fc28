import { createHash } from 'node:crypto';
import { isRecord } from '../values.ts';
import type { ChatMessage } from './chat-message.ts';

/** How a template wants the calls of earlier turns; templates differ, and say so only by what they write. */
export interface HistoryForm {
  readonly arguments: 'object' | 'text';
  /** It also writes arguments that are a text. */
  readonly takesText: boolean;
  /** Content of a message that has calls and no text; undefined: the field is left out. */
  readonly emptyContent: '' | null | undefined;
  /** Mistral's refuse an id of another length. */
  readonly idLength: number | undefined;
  /** Llama's refuse a turn with several calls. */
  readonly takesOneCall: boolean;
}

/** Texts that no template writes by itself. */
const KEY = 'tokenflare_key';
const VALUE = 'tokenflare value';
const MISTRAL_ID_LENGTH = 9;
const SHORT_ID = 'a1b2c3d4e';
const LONG_ID = 'call_a1b2c3d4e5f6g7h8';

/** The name under which a template gets arguments that are no JSON object, where it takes nothing but objects. */
const UNREADABLE = 'invalid_json';

/** Those that are tried; of several that are as good the first. */
const EMPTY_CONTENTS = ['', null, undefined] as const;

type Render = (messages: readonly ChatMessage[]) => string | undefined;

/** Finds the form by rendering one call in each. */
export function probeHistoryForm(render: Render): HistoryForm {
  const object = { [KEY]: VALUE };
  const text = JSON.stringify(object);
  const withShortId = render(conversation({ id: SHORT_ID, args: object }));
  const idLength =
    withShortId !== undefined && render(conversation({ id: LONG_ID, args: object })) === undefined
      ? MISTRAL_ID_LENGTH
      : undefined;
  const ofText = render(conversation({ id: SHORT_ID, args: text }));
  const readsObject = withShortId?.includes(KEY) === true && withShortId.includes(VALUE);
  const readsText = ofText?.includes(text) === true;
  const args = readsObject ? object : text;
  const contents = EMPTY_CONTENTS.map((content) => {
    const rendered = render(conversation({ id: SHORT_ID, args, content }));
    return { content, length: rendered?.length ?? Infinity };
  });
  // Of what is written the shortest is right: the others have a "None" in it, or an empty message beside the call.
  const [best] = contents.toSorted((a, b) => a.length - b.length);
  const ofTwo = render(conversation({ id: SHORT_ID, args, content: best?.content, numCalls: 2 }));
  return {
    arguments: readsText && !readsObject ? 'text' : 'object',
    takesText: ofText?.includes(KEY) === true && ofText.includes(VALUE),
    emptyContent: best?.length === Infinity ? '' : best?.content,
    idLength,
    takesOneCall: best?.length !== Infinity && ofTwo === undefined,
  };
}

interface Probe {
  id: string;
  args: unknown;
  content?: string | null | undefined;
  numCalls?: number;
}

function conversation({ id, args, numCalls = 1, ...given }: Probe): ChatMessage[] {
  const call = { id, type: 'function', function: { name: 'f', arguments: args } };
  const result: ChatMessage = { role: 'tool', tool_call_id: id, name: 'f', content: 'b' };
  const turn: ChatMessage = { role: 'assistant', tool_calls: Array.from({ length: numCalls }, () => call) };
  return [
    { role: 'user', content: 'a' },
    withContent(turn, 'content' in given ? given.content : ''),
    ...Array.from({ length: numCalls }, () => result),
  ];
}

function withContent(message: ChatMessage, content: ChatMessage['content']): ChatMessage {
  const changed: ChatMessage = { ...message };
  if (content === undefined) delete changed.content;
  else changed.content = content;
  return changed;
}

/**
 * The messages as the template wants them. Arguments that are no JSON object stay what the model wrote: a text where the
 * template writes one, else an object that holds the text under `invalid_json`. A model that once wrote bad JSON then
 * sees that it did, and the conversation goes on.
 */
export function toHistoryForm(messages: readonly ChatMessage[], form: HistoryForm): ChatMessage[] {
  /** Calls that have no result yet, by id: some results do not name theirs, and some templates want the name. */
  const open = new Map<string, unknown>();
  return messages.map((message, index) => {
    const { tool_calls: calls, role } = message;
    if (role === 'tool') {
      const [oldest = ''] = open.keys();
      const id = typeof message['tool_call_id'] === 'string' ? message['tool_call_id'] : oldest;
      const name = open.get(id);
      open.delete(id);
      return {
        ...(name === undefined ? {} : { name }),
        ...message,
        ...fitId('tool_call_id', id, message, form),
      };
    }
    if (calls === undefined) return message;
    if (!Array.isArray(calls) || calls.length === 0) {
      // Some templates look whether there is a list, not what is in it.
      const plain = { ...message };
      delete plain['tool_calls'];
      return plain;
    }
    const fitted = calls.map((call: unknown, callIndex) => {
      const given = isRecord(call) ? call : {};
      const id = typeof given['id'] === 'string' ? given['id'] : `call ${index} ${callIndex}`;
      const named = isRecord(given['function']) ? given['function'] : {};
      open.set(id, named['name']);
      return { ...given, ...fitId('id', id, given, form), function: fitFunction(named, form) };
    });
    const { content } = message;
    const isEmpty = content === undefined || content === null || content === '';
    return withContent({ ...message, tool_calls: fitted }, isEmpty ? form.emptyContent : content);
  });
}

/** An id always becomes the same one, so that a result finds its call. Where any id will do, none is added. */
function fitId(
  field: 'id' | 'tool_call_id',
  id: string,
  given: object,
  { idLength }: HistoryForm,
): Record<string, string> {
  if (idLength === undefined) return field in given ? { [field]: id } : {};
  if (id.length === idLength && /^[a-zA-Z0-9]*$/.test(id)) return { [field]: id };
  return { [field]: createHash('sha256').update(id).digest('hex').slice(0, idLength) };
}

function fitFunction(call: Record<string, unknown>, form: HistoryForm): Record<string, unknown> {
  const { arguments: args = {} } = call;
  return { ...call, arguments: fitArguments(args, form) };
}

function fitArguments(args: unknown, form: HistoryForm): unknown {
  if (form.arguments === 'text') return typeof args === 'string' ? args : JSON.stringify(args);
  if (typeof args !== 'string') return args;
  return toObject(args) ?? (form.takesText ? args : { [UNREADABLE]: args });
}

function toObject(text: string): Record<string, unknown> | undefined {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
