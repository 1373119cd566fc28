import { createHash } from 'node:crypto';
import type { ChatMessage } from './chat-template-renderer.ts';

/** How a template wants the calls of earlier turns; templates differ, and say so only by what they write. */
export interface HistoryForm {
  readonly arguments: 'object' | 'text';
  /** It also writes arguments that are a text. */
  readonly takesText: boolean;
  /** Content of a message that has calls and no text. */
  readonly emptyContent: '' | null;
  /** Mistral's refuse an id of another length. */
  readonly idLength: number | undefined;
}

/** Texts that no template writes by itself. */
const KEY = 'tokenflare_key';
const VALUE = 'tokenflare value';
const MISTRAL_ID_LENGTH = 9;
const SHORT_ID = 'a1b2c3d4e';
const LONG_ID = 'call_a1b2c3d4e5f6g7h8';

/** The name under which a template gets arguments that are no JSON object, where it takes nothing but objects. */
const UNREADABLE = 'invalid_json';

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
  const empty = render(conversation({ id: SHORT_ID, args: readsObject ? object : text, content: '' }));
  const none = render(conversation({ id: SHORT_ID, args: readsObject ? object : text, content: null }));
  // Where both are written the shorter is right: the longer has a "None" in it, or an empty message beside the call.
  const takesNone = none !== undefined && (empty === undefined || none.length < empty.length);
  return {
    arguments: readsText && !readsObject ? 'text' : 'object',
    takesText: ofText?.includes(KEY) === true && ofText.includes(VALUE),
    emptyContent: takesNone ? null : '',
    idLength,
  };
}

interface Probe {
  id: string;
  args: unknown;
  content?: string | null;
}

const conversation = ({ id, args, content = '' }: Probe): ChatMessage[] => [
  { role: 'user', content: 'a' },
  {
    role: 'assistant',
    content,
    tool_calls: [{ id, type: 'function', function: { name: 'f', arguments: args } }],
  },
  { role: 'tool', tool_call_id: id, name: 'f', content: 'b' },
];

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
      return { ...(name === undefined ? {} : { name }), ...message, tool_call_id: fitId(id, form) };
    }
    if (!Array.isArray(calls)) return message;
    if (calls.length === 0) {
      // Some templates look whether there is a list, not what is in it.
      const { tool_calls: _, ...rest } = message;
      return rest;
    }
    const fitted = calls.map((call: unknown, place) => {
      const given = isRecord(call) ? call : {};
      const id = typeof given['id'] === 'string' ? given['id'] : `call ${index} ${place}`;
      const named = isRecord(given['function']) ? given['function'] : {};
      open.set(id, named['name']);
      return { ...given, type: 'function', id: fitId(id, form), function: fitFunction(named, form) };
    });
    const { content } = message;
    const isEmpty = content === undefined || content === null || content === '';
    return { ...message, content: isEmpty ? form.emptyContent : content, tool_calls: fitted };
  });
}

/** The same id always becomes the same: a result finds its call. */
function fitId(id: string, { idLength }: HistoryForm): string {
  if (idLength === undefined || (id.length === idLength && /^[a-zA-Z0-9]*$/.test(id))) return id;
  return createHash('sha256').update(id).digest('hex').slice(0, idLength);
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

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
