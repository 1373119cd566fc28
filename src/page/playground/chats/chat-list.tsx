import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { useMedia } from '../../shell/use-media.ts';
import { type Chat, titleOf } from './chat.ts';
import type { Chats } from './use-chats.ts';

interface ChatListProps {
  chats: Chats;
  onNew: () => void;
  onOpen: (chat: Chat) => void;
}

/** The chats that this browser keeps: beside the conversation where there is room, else folded above it. */
export function ChatList(props: ChatListProps): JSX.Element {
  const isWide = useMedia(WIDE);
  const folded = useRef<HTMLDetailsElement>(null);
  const { kept } = props.chats;
  if (isWide) {
    return (
      <nav class="chats" aria-label="Chats">
        <List {...props} />
      </nav>
    );
  }
  return (
    <div class="chats narrow">
      <button type="button" class="small" onClick={props.onNew}>
        New chat
      </button>
      {kept.length > 0 && (
        <details ref={folded}>
          <summary>Chats ({kept.length})</summary>
          <nav aria-label="Chats">
            <List
              {...props}
              withoutNew
              onOpen={(chat) => {
                folded.current?.removeAttribute('open');
                props.onOpen(chat);
              }}
            />
          </nav>
        </details>
      )}
      <Deleted chats={props.chats} />
    </div>
  );
}

function List({
  chats,
  onNew,
  onOpen,
  withoutNew = false,
}: ChatListProps & { withoutNew?: boolean }): JSX.Element {
  const { kept, current, remove } = chats;
  return (
    <>
      {!withoutNew && (
        <button type="button" class="new" onClick={onNew}>
          New chat
        </button>
      )}
      <ul>
        {kept.map((chat) => (
          <li key={chat.id} class={chat.id === current.id ? 'current' : undefined}>
            <button
              type="button"
              class="plain title"
              title={titleOf(chat)}
              aria-current={chat.id === current.id ? 'true' : undefined}
              onClick={() => onOpen(chat)}
            >
              <span>{titleOf(chat)}</span>
            </button>
            <button
              type="button"
              class="plain delete"
              aria-label={`Delete “${titleOf(chat)}”`}
              title="Delete"
              onClick={() => remove([chat])}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      {!withoutNew && <Deleted chats={chats} />}
      {kept.length > 0 && (
        <>
          <button type="button" class="small" onClick={() => remove(kept)}>
            Delete all chats
          </button>
          <p class="quiet note">They are kept in this browser alone.</p>
        </>
      )}
    </>
  );
}

function Deleted({ chats: { deleted, restore } }: { chats: Chats }): JSX.Element | null {
  if (deleted.length === 0) return null;
  return (
    <p class="deleted" role="status">
      {deleted.length === 1 ? 'Chat deleted.' : `${deleted.length} chats deleted.`}{' '}
      <button type="button" class="small" onClick={restore}>
        Undo
      </button>
    </p>
  );
}

/** As chats.css has it for the column of chats. */
const WIDE = '(min-width: 60rem)';
