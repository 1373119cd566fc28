import { useEffect, useRef, useState } from 'preact/hooks';
import { newChat, type Chat, type ChatKind } from './chat.ts';
import {
  isChatKey,
  readChats,
  removeAllChats,
  removeChat,
  writeChat,
  type ChatStorage,
} from './stored-chats.ts';

/** In which the tab notes the chat that it shows, so that a reload shows it again. */
const SHOWN_AS = 'tokenflare-chat';

export interface Chats {
  /** Those that are kept, the latest first. */
  kept: readonly Chat[];
  current: Chat;
  /** Chats that were just deleted. They can be brought back until something else is done. */
  deleted: readonly Chat[];
  /** False: the browser does not keep the current chat. */
  isKept: boolean;
  open: (chat: Chat) => void;
  /** Changes the current chat. It is kept once something was said. */
  change: (chat: Chat) => void;
  /** Keeps a chat, which may no longer be the current one, unless it was deleted. */
  put: (chat: Chat) => void;
  remove: (chats: readonly Chat[]) => void;
  restore: () => void;
}

/** The chats of this browser, in its local storage. */
export function useChats(kind: ChatKind, model: string): Chats {
  const storage = localChats();
  const [kept, setKept] = useState<readonly Chat[]>(() => readChats(storage));
  const [current, setCurrent] = useState<Chat>(() => shownBefore(kept) ?? newChat(kind, model));
  const [deleted, setDeleted] = useState<readonly Chat[]>([]);
  const [isKept, setIsKept] = useState(true);
  // An answer to a deleted chat may end later.
  const removedIds = useRef(new Set<string>());
  const refresh = (): void => setKept(readChats(storage));
  useOtherTabs(refresh);
  const put = (chat: Chat): void => {
    if (removedIds.current.has(chat.id)) return;
    setIsKept(writeChat(storage, chat));
    if (chat.id === current.id) noteShown(chat.id);
    setCurrent((shown) => (shown.id === chat.id ? chat : shown));
    setDeleted([]);
    refresh();
  };
  const open = (chat: Chat): void => {
    noteShown(chat.id);
    setCurrent(chat);
    setDeleted([]);
  };
  return {
    kept,
    current,
    deleted,
    isKept,
    open,
    change: (chat) => (chat.turns.length > 0 ? put(chat) : open(chat)),
    put,
    remove: (chats) => {
      for (const { id } of chats) removedIds.current.add(id);
      if (chats.length === kept.length) removeAllChats(storage);
      else for (const { id } of chats) removeChat(storage, id);
      if (chats.some(({ id }) => id === current.id)) open(newChat(current.kind, current.model));
      setDeleted(chats);
      refresh();
    },
    restore: () => {
      for (const chat of deleted) {
        removedIds.current.delete(chat.id);
        writeChat(storage, chat);
      }
      setDeleted([]);
      refresh();
    },
  };
}

function useOtherTabs(refresh: () => void): void {
  useEffect(() => {
    const follow = ({ key }: StorageEvent): void => {
      if (isChatKey(key)) refresh();
    };
    addEventListener('storage', follow);
    return () => removeEventListener('storage', follow);
  }, []);
}

function shownBefore(kept: readonly Chat[]): Chat | undefined {
  const id = sessionStorage.getItem(SHOWN_AS);
  return kept.find((chat) => chat.id === id);
}

const noteShown = (id: string): void => sessionStorage.setItem(SHOWN_AS, id);

/** A browser that forbids local storage keeps nothing: `writeChat` tells. */
function localChats(): ChatStorage {
  try {
    return localStorage;
  } catch {
    const forbidden = (): never => {
      throw new TypeError('local storage is forbidden');
    };
    return {
      length: 0,
      key: () => null,
      getItem: () => null,
      setItem: forbidden,
      removeItem: () => undefined,
    };
  }
}
