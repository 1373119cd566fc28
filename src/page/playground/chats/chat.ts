import type { DrawnToken } from '../answer/drawn-token.ts';

/** A call of a tool, as the model wrote it. */
export interface ToolCall {
  id: string;
  name: string;
  /** The text of a JSON object. */
  arguments: string;
}

export interface UserTurn {
  role: 'user';
  content: string;
}

export interface ModelTurn {
  role: 'assistant';
  content: string;
  /** What the model wrote for itself before it answered. */
  reasoning: string;
  calls: readonly ToolCall[];
  /** Every token that was drawn, those of reasoning and calls too. Empty where they were not kept. */
  tokens: readonly DrawnToken[];
  /** `stop`, `length`, `tool_calls`; `stopped` by the reader, `failed` by an error; undefined while it comes. */
  end: string | undefined;
  figures: Figures;
}

/** What an answer took. Times are milliseconds. */
export interface Figures {
  numTokens: number;
  queueMs: number | undefined;
  ttftMs: number | undefined;
  totalMs: number | undefined;
}

/** What a tool gave back: the reader types it. */
export interface ToolTurn {
  role: 'tool';
  callId: string;
  name: string;
  content: string;
}

export type Turn = UserTurn | ModelTurn | ToolTurn;

/** `chat`: each answer knows the turns before it. `prompt`: the model goes on with a text, and knows no text before it. */
export type ChatKind = 'chat' | 'prompt';

/** What goes with each message of a chat, as it was typed. */
export interface Setup {
  system: string;
  /** A JSON Schema that answers keep to. */
  schema: string;
  /** A list of tools in OpenAI's form. */
  tools: string;
  mustCall: boolean;
}

export interface Chat {
  id: string;
  kind: ChatKind;
  model: string;
  setup: Setup;
  turns: readonly Turn[];
  /** Unix time in milliseconds. */
  changedAt: number;
}

export const NO_SETUP: Setup = { system: '', schema: '', tools: '', mustCall: false };

export const EMPTY_TURN: ModelTurn = {
  role: 'assistant',
  content: '',
  reasoning: '',
  calls: [],
  tokens: [],
  end: undefined,
  figures: { numTokens: 0, queueMs: undefined, ttftMs: undefined, totalMs: undefined },
};

/** Not `crypto.randomUUID`: a page without TLS that is not on localhost does not have it. */
export function newChat(kind: ChatKind, model: string): Chat {
  const [id = 0] = crypto.getRandomValues(new Uint32Array(1));
  const changedAt = Date.now();
  return {
    id: `${changedAt.toString(36)}${id.toString(36)}`,
    kind,
    model,
    setup: NO_SETUP,
    turns: [],
    changedAt,
  };
}

const MAX_TITLE_LENGTH = 60;

/** The beginning of what was asked first. */
export function titleOf({ turns }: Pick<Chat, 'turns'>): string {
  const text =
    turns
      .find(({ role }) => role === 'user')
      ?.content.trim()
      .replaceAll(/\s+/g, ' ') ?? '';
  if (text === '') return 'New chat';
  return text.length > MAX_TITLE_LENGTH ? `${text.slice(0, MAX_TITLE_LENGTH - 1)}…` : text;
}

/** Calls of the last answer that no result was given for. */
export function openCalls(turns: readonly Turn[]): readonly ToolCall[] {
  const answered = new Set(turns.flatMap((turn) => (turn.role === 'tool' ? [turn.callId] : [])));
  const last = turns.findLast((turn) => turn.role === 'assistant');
  const isOver = turns.at(-1)?.role === 'user';
  return isOver ? [] : (last?.calls.filter(({ id }) => !answered.has(id)) ?? []);
}

/** Which of several calls of an answer this is, from 1; undefined for the only one. */
export function callNumber(callId: string, turns: readonly Turn[]): number | undefined {
  const calls = turns.findLast((turn) => turn.role === 'assistant')?.calls ?? [];
  return calls.length > 1 ? calls.findIndex(({ id }) => id === callId) + 1 : undefined;
}

/** What can be asked once more: a question that was not answered, or whose answer broke off. Else undefined. */
export function turnsToRetry(turns: readonly Turn[]): readonly Turn[] | undefined {
  const last = turns.at(-1);
  if (last?.role !== 'assistant') return last === undefined ? undefined : turns;
  return last.end === 'failed' ? turns.slice(0, -1) : undefined;
}

/** True for an answer that was ended before anything of it came. */
export const isEmpty = ({ content, reasoning, calls, tokens }: ModelTurn): boolean =>
  content === '' && reasoning === '' && calls.length === 0 && tokens.length === 0;
