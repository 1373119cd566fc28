import type { ComponentChildren, JSX, RefObject } from 'preact';
import { useRef, useState } from 'preact/hooks';
import {
  callNumber,
  openCalls,
  type Chat,
  type ModelTurn,
  type ToolCall,
  type ToolTurn,
  type Turn,
} from './chats/chat.ts';
import { useFollowEnd } from './use-follow-end.ts';
import { CallName, ModelTurnView, ToolTurnView, UserTurnView } from './answer/turns.tsx';

interface ConversationProps {
  chat: Chat;
  /** The answer that comes. */
  running: ModelTurn | undefined;
  /** What went wrong with the last question. */
  error: unknown;
  showsTokens: boolean;
  /** What covers the lower part of the screen. */
  cover: RefObject<HTMLElement | null>;
  /** Asks for an answer to these turns, in place of those of the chat. */
  onAsk: (turns: readonly Turn[]) => void;
  /** Shown below the last turn. */
  children?: ComponentChildren;
}

/** What was said, and the answer that comes. */
export function Conversation(props: ConversationProps): JSX.Element {
  const { chat, running, error, showsTokens, cover, onAsk, children } = props;
  const end = useRef<HTMLDivElement>(null);
  const isBusy = running !== undefined;
  useFollowEnd({ end, cover, isRunning: isBusy, chatId: chat.id, error });
  const turns = running === undefined ? chat.turns : [...chat.turns, running];
  const calls = isBusy ? [] : openCalls(chat.turns);
  return (
    <section class="conversation" aria-label="Conversation" aria-live="polite" aria-busy={isBusy}>
      {turns.map((turn, index) => {
        const key = `${chat.id},${index}`;
        const earlier = turns.slice(0, index);
        switch (turn.role) {
          case 'user':
            return (
              <UserTurnView
                key={key}
                {...{ turn, isBusy }}
                onEdit={(content) => onAsk([...earlier, { role: 'user', content }])}
              />
            );
          case 'tool':
            return <ToolTurnView key={key} turn={turn} number={callNumber(turn.callId, earlier)} />;
          case 'assistant':
            return (
              <ModelTurnView
                key={key}
                {...{ turn, showsTokens, isBusy }}
                model={chat.model}
                before={textBefore(chat, earlier)}
                onRegenerate={() => onAsk(earlier)}
              />
            );
        }
      })}
      {calls.length > 0 && (
        <ResultForm
          key={calls.map(({ id }) => id).join()}
          calls={calls}
          turns={chat.turns}
          onSend={(results) => onAsk([...chat.turns, ...results])}
        />
      )}
      {children}
      <div ref={end} class="end" />
    </section>
  );
}

/** In a chat something stands between a question and its answer. */
function textBefore({ kind }: Chat, earlier: readonly Turn[]): string {
  const text = earlier.at(-1)?.content ?? '';
  return kind === 'prompt' ? text : `${text} `;
}

interface ResultFormProps {
  calls: readonly ToolCall[];
  turns: readonly Turn[];
  onSend: (results: readonly ToolTurn[]) => void;
}

/** The reader stands in for the tools: a field for the result of each call. */
function ResultForm({ calls, turns, onSend }: ResultFormProps): JSX.Element {
  const [results, setResults] = useState<readonly string[]>(calls.map(() => ''));
  const send = (event: Event): void => {
    event.preventDefault();
    onSend(
      calls.map(({ id, name }, index) => ({ role: 'tool', callId: id, name, content: results[index] ?? '' })),
    );
  };
  return (
    <form class="results" onSubmit={send}>
      {calls.map(({ id, name }, index) => (
        <label key={id}>
          <span>
            Result of <CallName name={name} number={callNumber(id, turns)} />
          </span>
          <textarea
            required
            rows={2}
            placeholder='{"temperature": 21}'
            value={results[index]}
            onInput={({ currentTarget }) => setResults(results.with(index, currentTarget.value))}
          />
        </label>
      ))}
      <button type="submit">{calls.length === 1 ? 'Send the result' : 'Send the results'}</button>
    </form>
  );
}
