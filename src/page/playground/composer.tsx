import type { JSX, RefObject } from 'preact';
import type { ChatKind } from './chats/chat.ts';

interface ComposerProps {
  kind: ChatKind;
  text: string;
  isRunning: boolean;
  form: RefObject<HTMLFormElement | null>;
  onInput: (text: string) => void;
  onSend: () => void;
  onStop: () => void;
}

/** The message box. Enter sends, Shift+Enter begins a line, Escape stops the answer. */
export function Composer(props: ComposerProps): JSX.Element {
  const { kind, text, isRunning, form, onInput, onSend, onStop } = props;
  const send = (event: Event): void => {
    event.preventDefault();
    if (!isRunning && text.trim() !== '') onSend();
  };
  return (
    <form class="composer" ref={form} onSubmit={send}>
      <label for="message" class={kind === 'chat' ? 'unseen' : undefined}>
        {kind === 'chat' ? 'Message' : 'Prompt'}
      </label>
      <div class="box">
        <textarea
          id="message"
          rows={1}
          value={text}
          aria-describedby="message-keys"
          placeholder={kind === 'chat' ? 'Write to the model' : 'A text that the model goes on with'}
          onInput={({ currentTarget }) => onInput(currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape' && isRunning) onStop();
            // An input method ends a word by Enter.
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
            send(event);
          }}
        />
        {isRunning ? (
          <button key="stop" type="button" class="stop" onClick={onStop}>
            Stop
          </button>
        ) : (
          <button key="send" type="submit" disabled={text.trim() === ''}>
            Send
          </button>
        )}
      </div>
      <p id="message-keys" class="quiet keys">
        <kbd>Enter</kbd> sends, <kbd>Shift</kbd>+<kbd>Enter</kbd> begins a line.
      </p>
    </form>
  );
}
