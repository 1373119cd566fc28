import type { Chat, ModelTurn, Turn } from './chat.ts';
import type { DrawnToken } from '../answer/drawn-token.ts';

/** Each chat has an entry of its own, so that two tabs do not undo what the other keeps. */
const PREFIX = 'tokenflare-chat-';
/** Of the form below. An entry of another one is not read. */
const VERSION = 1;

/** What the page needs of `localStorage`. */
export interface ChatStorage {
  readonly length: number;
  key: (index: number) => string | null;
  getItem: (key: string) => string | null;
  /** Throws where there is no room. */
  setItem: (key: string, text: string) => void;
  removeItem: (key: string) => void;
}

/** The chats that a browser keeps, the latest first. */
export function readChats(storage: ChatStorage): Chat[] {
  return keysOf(storage)
    .flatMap((key) => decodeChat(storage.getItem(key) ?? '') ?? [])
    .toSorted((a, b) => b.changedAt - a.changedAt);
}

/**
 * Keeps a chat. Tokens take most of the room: where it is full, those of the other chats go first, then those of this
 * one. Their texts stay.
 *
 * @returns false where the browser keeps nothing, or its room is full
 */
export function writeChat(storage: ChatStorage, chat: Chat): boolean {
  const whole = encodeChat(chat);
  if (tryToSet(storage, chat.id, whole)) return true;
  for (const other of readChats(storage)) {
    if (other.id !== chat.id) tryToSet(storage, other.id, encodeChat(withoutTokens(other)));
  }
  return tryToSet(storage, chat.id, whole) || tryToSet(storage, chat.id, encodeChat(withoutTokens(chat)));
}

export function removeChat(storage: ChatStorage, id: string): void {
  storage.removeItem(PREFIX + id);
}

export function removeAllChats(storage: ChatStorage): void {
  for (const key of keysOf(storage)) storage.removeItem(key);
}

export const isChatKey = (key: string | null): boolean => key?.startsWith(PREFIX) ?? true;

function keysOf(storage: ChatStorage): string[] {
  return Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '').filter((key) =>
    key.startsWith(PREFIX),
  );
}

function tryToSet(storage: ChatStorage, id: string, text: string): boolean {
  try {
    storage.setItem(PREFIX + id, text);
    return true;
  } catch {
    return false;
  }
}

const withoutTokens = (chat: Chat): Chat => ({
  ...chat,
  turns: chat.turns.map((turn) => (turn.role === 'assistant' ? { ...turn, tokens: [] } : turn)),
});

/** Text, probability, then text and probability of each alternative: a third of the size of objects. */
type StoredToken = [text: string, probability: number | null, ...alternatives: (string | number)[]];
type StoredTurn = Exclude<Turn, ModelTurn> | (Omit<ModelTurn, 'tokens'> & { tokens: StoredToken[] });
type StoredChat = Omit<Chat, 'turns'> & { version: number; turns: StoredTurn[] };

export function encodeChat(chat: Chat): string {
  const turns = chat.turns.map((turn): StoredTurn =>
    turn.role === 'assistant' ? { ...turn, tokens: turn.tokens.map(encodeToken) } : turn,
  );
  return JSON.stringify({ ...chat, version: VERSION, turns } satisfies StoredChat);
}

/** Undefined for what this page did not write. */
export function decodeChat(text: string): Chat | undefined {
  try {
    const { version, turns, ...chat } = JSON.parse(text) as StoredChat;
    if (version !== VERSION) return undefined;
    return {
      ...chat,
      turns: turns.map((turn) =>
        turn.role === 'assistant' ? { ...turn, tokens: turn.tokens.map(decodeToken) } : turn,
      ),
    };
  } catch {
    return undefined;
  }
}

const rounded = (probability: number): number => Number(probability.toPrecision(3));

const encodeToken = ({ text, probability, alternatives }: DrawnToken): StoredToken => [
  text,
  probability === undefined ? null : rounded(probability),
  ...alternatives.flatMap((one) => [one.text, rounded(one.probability)]),
];

function decodeToken([text, probability, ...pairs]: StoredToken): DrawnToken {
  const alternatives = Array.from({ length: pairs.length / 2 }, (_, index) => ({
    text: String(pairs[2 * index]),
    probability: Number(pairs[2 * index + 1]),
  }));
  return { text, probability: probability ?? undefined, alternatives };
}
