import { describe, expect, it } from 'vitest';
import {
  EMPTY_TURN,
  newChat,
  callNumber,
  openCalls,
  titleOf,
  turnsToRetry,
  type Chat,
  type ModelTurn,
} from '../../../src/page/playground/chats/chat.ts';
import {
  decodeChat,
  encodeChat,
  readChats,
  removeAllChats,
  removeChat,
  writeChat,
  type ChatStorage,
} from '../../../src/page/playground/chats/stored-chats.ts';

const answer = (content: string, numTokens = 2): ModelTurn => ({
  ...EMPTY_TURN,
  content,
  tokens: Array.from({ length: numTokens }, () => ({
    text: ' a',
    probability: 0.25,
    alternatives: [
      { text: ' the', probability: 0.5 },
      { text: ' a', probability: 0.25 },
    ],
  })),
  end: 'stop',
});

const chatOf = (content: string, changedAt: number, numTokens?: number): Chat => ({
  ...newChat('chat', 'some-model'),
  turns: [{ role: 'user', content }, answer('Yes.', numTokens)],
  changedAt,
});

/** A browser's storage, as far as chats need it, with so much room. */
class SmallStorage implements ChatStorage {
  readonly entries = new Map<string, string>([['another-page', 'kept']]);
  readonly #room: number;

  constructor(room = Infinity) {
    this.#room = room;
  }

  get length(): number {
    return this.entries.size;
  }
  key = (index: number): string | null => [...this.entries.keys()][index] ?? null;
  getItem = (key: string): string | null => this.entries.get(key) ?? null;
  setItem = (key: string, text: string): void => {
    const others = [...this.entries].filter(([name]) => name !== key);
    const used = others.reduce((sum, [, { length }]) => sum + length, 0);
    if (used + text.length > this.#room) throw new DOMException('full', 'QuotaExceededError');
    this.entries.set(key, text);
  };
  removeItem = (key: string): void => void this.entries.delete(key);
}

describe('kept chats', () => {
  it('come back as they were, the latest first', () => {
    const storage = new SmallStorage();
    const [old, recent] = [chatOf('Hello', 1), chatOf('And <b>then</b>?', 2)];
    for (const chat of [old, recent]) expect(writeChat(storage, chat)).toBe(true);
    expect(readChats(storage)).toEqual([recent, old]);
    removeChat(storage, recent.id);
    expect(readChats(storage)).toEqual([old]);
    removeAllChats(storage);
    expect([...storage.entries]).toEqual([['another-page', 'kept']]);
  });

  it('are left alone where this page did not write them', () => {
    const storage = new SmallStorage();
    for (const text of [
      '',
      '{',
      'null',
      '[]',
      '{"version":2}',
      '{"version":1}',
      '{"version":1,"turns":[{"role":"assistant"}]}',
    ]) {
      expect(decodeChat(text)).toBeUndefined();
      storage.setItem('tokenflare-chat-x', text);
      expect(readChats(storage)).toEqual([]);
    }
  });

  it('lose the tokens of others first where there is no more room, and no text', () => {
    const [first, second] = [chatOf('First', 1, 300), chatOf('Second', 2, 300)];
    const size = encodeChat(first).length;
    const storage = new SmallStorage(1.5 * size);
    expect(writeChat(storage, first)).toBe(true);
    expect(writeChat(storage, second)).toBe(true);
    const [shownSecond, shownFirst] = readChats(storage);
    expect(shownSecond).toEqual(second);
    expect(shownFirst?.turns).toEqual([first.turns[0], { ...answer('Yes.'), tokens: [] }]);
    expect(writeChat(new SmallStorage(20), first)).toBe(false);
    const tight = new SmallStorage(size / 2);
    expect(writeChat(tight, first)).toBe(true);
    expect(readChats(tight)[0]?.turns[1]).toEqual({ ...answer('Yes.'), tokens: [] });
  });
});

describe('a chat', () => {
  it('is named after what was asked first', () => {
    expect(titleOf({ turns: [] })).toBe('New chat');
    expect(titleOf(chatOf(' Tell\nme  a story ', 0))).toBe('Tell me a story');
    expect(titleOf(chatOf('word '.repeat(40), 0))).toHaveLength(60);
  });

  it('waits for the results of the calls of its last answer', () => {
    const calls = ['one', 'two'].map((id) => ({ id, name: 'add', arguments: '{}' }));
    const turns: Chat['turns'] = [
      { role: 'user', content: 'Add' },
      { ...answer(''), calls },
    ];
    const result = { role: 'tool', callId: 'one', name: 'add', content: '3' } as const;
    expect(openCalls(turns)).toEqual(calls);
    expect(openCalls([...turns, result])).toEqual([calls[1]]);
    expect(openCalls([...turns, result, { ...result, callId: 'two' }])).toEqual([]);
    expect(openCalls([...turns, { role: 'user', content: 'Never mind' }])).toEqual([]);
    expect(openCalls([])).toEqual([]);
    // Calls of one answer are told apart by their numbers.
    expect(callNumber('two', [...turns, result])).toBe(2);
    expect(callNumber('one', [{ ...answer(''), calls: calls.slice(0, 1) }])).toBeUndefined();
  });

  it('can ask once more where there is no answer, or none that is whole', () => {
    const asked = { role: 'user', content: 'Add' } as const;
    expect(turnsToRetry([])).toBeUndefined();
    expect(turnsToRetry([asked])).toEqual([asked]);
    expect(turnsToRetry([asked, answer('It is')])).toBeUndefined();
    expect(turnsToRetry([asked, { ...answer('It is'), end: 'failed' }])).toEqual([asked]);
  });
});
