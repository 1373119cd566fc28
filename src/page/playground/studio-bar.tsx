import type { JSX } from 'preact';
import type { Model } from '../service/wire.ts';
import type { ChatKind } from './chats/chat.ts';

interface StudioBarProps {
  models: readonly Model[];
  model: Model;
  /** The model of this chat, if the service no longer has it. */
  missing: string | undefined;
  kind: ChatKind;
  /** Whether the model has a chat template. */
  chats: boolean;
  showsTokens: boolean;
  onModel: (id: string) => void;
  onKind: (kind: ChatKind) => void;
  onShowTokens: (shows: boolean) => void;
}

/** Which model answers, in which way, and how its answers are shown. */
export function StudioBar(props: StudioBarProps): JSX.Element {
  const { models, model, missing, showsTokens, onModel, onShowTokens } = props;
  return (
    <>
      <div class="bar">
        <h1>Playground</h1>
        <label>
          Model{' '}
          <select value={model.id} onChange={({ currentTarget }) => onModel(currentTarget.value)}>
            {models.map(({ id }) => (
              <option key={id} value={id}>
                {id}
              </option>
            ))}
          </select>
        </label>
        <KindChoice {...props} />
        <label class="check">
          <input
            type="checkbox"
            checked={showsTokens}
            onChange={({ currentTarget }) => onShowTokens(currentTarget.checked)}
          />{' '}
          Show tokens
        </label>
      </div>
      {showsTokens && (
        <p class="quiet legend">
          <span class="token" style={{ '--surprise': '0' }}>
            expected
          </span>{' '}
          <span class="token" style={{ '--surprise': '0.5' }}>
            less likely
          </span>{' '}
          <span class="token" style={{ '--surprise': '1' }}>
            surprising
          </span>{' '}
          Click a token for what else could have stood there.
        </p>
      )}
      {missing !== undefined && (
        <p class="quiet">
          This chat was with {missing}, which the service no longer has. {model.id} answers now.
        </p>
      )}
      {model.state === 'unloaded' && <p class="quiet">The model is loaded when you first ask it.</p>}
    </>
  );
}

function KindChoice({ kind, chats, onKind }: StudioBarProps): JSX.Element {
  return (
    <fieldset class="kinds">
      <legend class="unseen">What to ask for</legend>
      <label title={chats ? undefined : 'This model has no chat template'}>
        <input
          type="radio"
          name="kind"
          checked={kind === 'chat'}
          disabled={!chats}
          onChange={() => onKind('chat')}
        />{' '}
        {chats ? 'Chat' : 'Chat (no template)'}
      </label>
      <label>
        <input type="radio" name="kind" checked={kind === 'prompt'} onChange={() => onKind('prompt')} />{' '}
        Prompt
      </label>
    </fieldset>
  );
}
