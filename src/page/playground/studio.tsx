import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { Model } from '../service/wire.ts';
import { ErrorNote } from '../shell/error-note.tsx';
import { createStore, useStore } from '../shell/store.ts';
import { newChat, turnsToRetry, type Chat, type Turn } from './chats/chat.ts';
import { ChatList } from './chats/chat-list.tsx';
import { useChats, type Chats } from './chats/use-chats.ts';
import { Composer } from './composer.tsx';
import { Conversation } from './conversation.tsx';
import { Parameters } from './options/parameters.tsx';
import type { Settings } from './options/settings.ts';
import { SetupForm } from './options/setup-form.tsx';
import { ViewCode } from './options/view-code.tsx';
import { StudioBar } from './studio-bar.tsx';
import { useAsking, type Asking } from './use-asking.ts';
import { Welcome } from './welcome.tsx';

/** They outlive the view: a reader goes to the heads and comes back. */
const settingsStore = createStore<Settings>({});
const showsTokensStore = createStore(false);

interface StudioProps {
  /** The default one first. */
  models: readonly [Model, ...Model[]];
  onAnswered: () => void;
}

/** The chats of this browser, and the one that is shown. */
export function Studio({ models, onAnswered }: StudioProps): JSX.Element {
  const chats = useChats(canChat(models[0]) ? 'chat' : 'prompt', models[0].id);
  const settings = useStore(settingsStore);
  const { current } = chats;
  const model = models.find(({ id }) => id === current.model) ?? models[0];
  const asking = useAsking({ chats, modelId: model.id, settings, onAnswered });
  return (
    <div class="studio">
      <ChatList
        chats={chats}
        onNew={() => {
          asking.leaveFor(newChat(current.kind, model.id));
          document.getElementById('message')?.focus();
        }}
        onOpen={asking.leaveFor}
      />
      <div class="column">
        <ChatBar {...{ models, model, chats, asking }} />
        <Talk {...{ model, chats, asking, settings }} />
      </div>
    </div>
  );
}

interface PartProps {
  model: Model;
  chats: Chats;
  asking: Asking;
}

/** What a chat is with, and how it is shown. */
function ChatBar({ models, model, chats, asking }: PartProps & Pick<StudioProps, 'models'>): JSX.Element {
  const showsTokens = useStore(showsTokensStore);
  const { current } = chats;
  return (
    <StudioBar
      {...{ models, model, showsTokens }}
      kind={current.kind}
      chats={canChat(model)}
      missing={current.model === model.id ? undefined : current.model}
      onModel={(id) => chats.change({ ...current, model: id })}
      onKind={(kind) =>
        current.turns.length === 0
          ? chats.open({ ...current, kind })
          : asking.leaveFor(newChat(kind, model.id))
      }
      onShowTokens={(shows) => showsTokensStore.set(shows)}
    />
  );
}

/** The conversation, the message box, and what goes with a message. */
function Talk({ model, chats, asking, settings }: PartProps & { settings: Settings }): JSX.Element {
  const [text, setText] = useState('');
  const showsTokens = useStore(showsTokensStore);
  const composer = useRef<HTMLFormElement>(null);
  const { current } = chats;
  const say = (content: string): boolean => asking.ask([...current.turns, { role: 'user', content }]);
  return (
    <>
      {current.turns.length === 0 && <Welcome kind={current.kind} onChoose={say} />}
      <Conversation
        chat={{ ...current, model: model.id }}
        running={asking.running}
        error={asking.error}
        showsTokens={showsTokens}
        cover={composer}
        onAsk={asking.ask}
      >
        <Troubles chats={chats} asking={asking} />
      </Conversation>
      <Composer
        text={text}
        form={composer}
        kind={current.kind}
        isRunning={asking.running !== undefined}
        onInput={setText}
        onSend={() => {
          if (say(text)) setText('');
        }}
        onStop={asking.stop}
      />
      <div class="options">
        <Parameters {...{ settings, model }} onChange={(changed) => settingsStore.set(changed)} />
        {current.kind === 'chat' && (
          <SetupForm setup={current.setup} onChange={(setup) => chats.change({ ...current, setup })} />
        )}
        <ViewCode question={asking.toQuestion(turnsToShow(current, text))} />
      </div>
    </>
  );
}

/** What went wrong, and a way on. */
function Troubles({ chats: { current, isKept }, asking }: Omit<PartProps, 'model'>): JSX.Element {
  const { error, running, ask } = asking;
  const retried = turnsToRetry(current.turns);
  return (
    <>
      {error !== undefined && <ErrorNote error={error} />}
      {retried !== undefined && running === undefined && (
        <button type="button" onClick={() => ask(retried)}>
          Try again
        </button>
      )}
      {!isKept && <p class="quiet">The browser has no room for this chat: it is gone with the tab.</p>}
    </>
  );
}

/** A model that is not loaded may chat: the service says so when it is asked. */
const canChat = ({ chat_template: template, state }: Model): boolean =>
  template !== null || state !== 'loaded';

/** What would be sent now: with the text that is typed, else the last question once more. */
function turnsToShow({ turns }: Chat, text: string): readonly Turn[] {
  if (text.trim() !== '') return [...turns, { role: 'user', content: text }];
  const asked = turns.slice(0, turns.findLastIndex(({ role }) => role !== 'assistant') + 1);
  return asked.length > 0
    ? asked
    : [{ role: 'user', content: 'Tell me a story about a robot and a garden.' }];
}
