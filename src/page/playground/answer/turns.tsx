import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { CopyButton } from '../../shell/copy-button.tsx';
import type { ModelTurn, ToolCall, ToolTurn, UserTurn } from '../chats/chat.ts';
import { describeEnd, describeFigures } from './describe-answer.ts';
import { TokenText } from './token-text.tsx';

interface UserTurnViewProps {
  turn: UserTurn;
  isBusy: boolean;
  /** Asks again from here, with another text. */
  onEdit: (content: string) => void;
}

/** What the reader wrote. It can be written anew: then the answer is asked for again. */
export function UserTurnView({ turn, isBusy, onEdit }: UserTurnViewProps): JSX.Element {
  const [draft, setDraft] = useState<string>();
  if (draft !== undefined) {
    const send = (event: Event): void => {
      event.preventDefault();
      setDraft(undefined);
      onEdit(draft);
    };
    return (
      <article class="turn user" aria-label="You">
        <form class="edit" onSubmit={send}>
          <textarea
            aria-label="Edited message"
            required
            rows={3}
            value={draft}
            ref={(field) => {
              if (draft === turn.content) field?.focus();
            }}
            onInput={({ currentTarget }) => setDraft(currentTarget.value)}
            onKeyDown={({ key }) => key === 'Escape' && setDraft(undefined)}
          />
          <div class="actions">
            <button type="submit" class="small" disabled={isBusy}>
              Send again
            </button>
            <button type="button" class="small" onClick={() => setDraft(undefined)}>
              Cancel
            </button>
          </div>
        </form>
      </article>
    );
  }
  return (
    <article class="turn user" aria-label="You">
      <div class="text">{turn.content}</div>
      <div class="actions">
        <CopyButton text={turn.content} />
        <button type="button" class="small" disabled={isBusy} onClick={() => setDraft(turn.content)}>
          Edit
        </button>
      </div>
    </article>
  );
}

interface ModelTurnViewProps {
  turn: ModelTurn;
  model: string;
  /** The text that the answer followed. */
  before: string;
  showsTokens: boolean;
  isBusy: boolean;
  onRegenerate: () => void;
}

/** What the model wrote: as a text, or as the tokens that it was drawn as. */
export function ModelTurnView(props: ModelTurnViewProps): JSX.Element {
  const { turn, isBusy, onRegenerate } = props;
  const isRunning = turn.end === undefined;
  return (
    <article class={isRunning ? 'turn model running' : 'turn model'} aria-label="Model">
      <AnswerText {...props} />
      {turn.calls.map((call) => (
        <CallView key={call.id} call={call} />
      ))}
      {!isRunning && (
        <>
          <div class="actions">
            {turn.content !== '' && <CopyButton text={turn.content} />}
            <button type="button" class="small" disabled={isBusy} onClick={onRegenerate}>
              Regenerate
            </button>
            <span class="quiet took">{describeFigures(turn.figures)}</span>
          </div>
          <EndNote end={turn.end} />
        </>
      )}
    </article>
  );
}

function AnswerText({ turn, model, before, showsTokens }: ModelTurnViewProps): JSX.Element | null {
  const { content, reasoning, calls, tokens, end } = turn;
  if (showsTokens && tokens.length > 0) return <TokenText {...{ tokens, model, before }} />;
  const isWaiting = end === undefined && content === '' && reasoning === '' && calls.length === 0;
  return (
    <>
      {reasoning !== '' && (
        <details class="reasoning">
          <summary>Reasoning</summary>
          <div class="text quiet">{reasoning}</div>
        </details>
      )}
      {isWaiting && <p class="quiet waiting">The model is reading …</p>}
      {content !== '' && <div class="text">{content}</div>}
      {showsTokens && end !== undefined && (
        <p class="quiet">The tokens of this answer were not kept. Regenerate it to see them.</p>
      )}
    </>
  );
}

function EndNote({ end }: { end: string | undefined }): JSX.Element | null {
  const words = describeEnd(end);
  return words === '' ? null : <p class="quiet took">{words}</p>;
}

/** A call of a tool, with its arguments. */
function CallView({ call }: { call: ToolCall }): JSX.Element {
  return (
    <section class="call" aria-label={`Call of ${call.name}`}>
      <h2>
        The model calls <code>{call.name}</code>
      </h2>
      <pre tabIndex={0}>
        <code>{indented(call.arguments)}</code>
      </pre>
    </section>
  );
}

/** As it is while it is not whole. */
function indented(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}

/** What the reader typed as the result of a call. */
export function ToolTurnView({ turn }: { turn: ToolTurn }): JSX.Element {
  return (
    <article class="turn tool" aria-label={`Result of ${turn.name}`}>
      <h2>
        Result of <code>{turn.name}</code>
      </h2>
      <pre tabIndex={0}>
        <code>{turn.content}</code>
      </pre>
    </article>
  );
}
