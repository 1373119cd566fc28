import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { CopyButton } from '../../shell/copy-button.tsx';
import { callNumber, type ModelTurn, type ToolCall, type ToolTurn, type UserTurn } from '../chats/chat.ts';
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
        <CallView key={call.id} call={call} number={callNumber(call.id, [turn])} />
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

interface CallNameProps {
  name: string;
  /** Undefined for the only call of an answer. */
  number: number | undefined;
}

/** Results are given by it: a model may call one tool several times at once. */
export function CallName({ name, number }: CallNameProps): JSX.Element {
  return (
    <>
      <code>{name}</code>
      {number !== undefined && ` (call ${number})`}
    </>
  );
}

/** As a screen reader says it. */
const callLabel = ({ name, number }: CallNameProps): string =>
  number === undefined ? name : `${name} (call ${number})`;

/** A call of a tool, with its arguments. */
function CallView({ call, number }: { call: ToolCall } & Pick<CallNameProps, 'number'>): JSX.Element {
  const { name } = call;
  return (
    <section class="call" aria-label={`Call of ${callLabel({ name, number })}`}>
      <h2>
        The model calls <CallName {...{ name, number }} />
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
export function ToolTurnView({
  turn,
  number,
}: { turn: ToolTurn } & Pick<CallNameProps, 'number'>): JSX.Element {
  const { name } = turn;
  return (
    <article class="turn tool" aria-label={`Result of ${callLabel({ name, number })}`}>
      <h2>
        Result of <CallName {...{ name, number }} />
      </h2>
      <pre tabIndex={0}>
        <code>{turn.content}</code>
      </pre>
    </article>
  );
}
