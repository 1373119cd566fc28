import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { listModels } from '../service/models.ts';
import type { Model } from '../service/wire.ts';
import { ErrorNote } from '../shell/error-note.tsx';
import { useAnswer } from '../shell/use-answer.ts';
import { Answer } from './answer.tsx';
import type { Message, Question } from './question.ts';
import { SettingsForm } from './settings-form.tsx';
import { DEFAULT_SETTINGS } from './settings.ts';
import { SnippetList } from './snippet-list.tsx';
import { Timings } from './timings.tsx';
import { useAnswerStream, type AnswerStream } from './use-answer-stream.ts';
import './playground.css';

const FIRST_PROMPT = 'Once upon a time there was a';

/** A prompt or a conversation, how tokens are drawn, and what the model makes of it. */
export default function Playground(): JSX.Element {
  const { value: models, error } = useAnswer(listModels, []);
  return (
    <>
      <h1>Playground</h1>
      {error !== undefined && <ErrorNote error={error} />}
      {models !== undefined && <Asking models={models} />}
    </>
  );
}

function Asking({ models }: { models: readonly Model[] }): JSX.Element {
  const [modelId, setModelId] = useState(models[0]?.id ?? '');
  const [kind, setKind] = useState<Question['kind']>('prompt');
  const [text, setText] = useState(FIRST_PROMPT);
  const [messages, setMessages] = useState<readonly Message[]>([]);
  const [settings, setSettings] = useState(DEFAULT_SETTINGS);
  const answer = useAnswerStream();
  // A model that is not loaded may chat: the service says so when it is asked.
  const chats = models.some(
    ({ id, state, chat_template: template }) => id === modelId && (template !== null || state !== 'loaded'),
  );
  const asked: readonly Message[] = [...messages, { role: 'user', content: text }];
  const question: Question =
    kind === 'prompt'
      ? { kind, model: modelId, prompt: text, settings }
      : { kind, model: modelId, messages: asked, settings };
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (kind === 'chat') {
      setMessages(asked);
      setText('');
    }
    const content = await answer.ask(question);
    if (kind === 'chat' && content !== '') setMessages([...asked, { role: 'assistant', content }]);
  };
  const changeKind = (next: Question['kind']): void => {
    answer.stop();
    setMessages([]);
    setKind(next);
  };
  return (
    <div class="playground">
      <form class="panel" onSubmit={(event) => void send(event)}>
        <div class="choices">
          <ModelChoice {...{ models, modelId }} onChange={setModelId} />
          <KindChoice {...{ kind, chats }} onChange={changeKind} />
        </div>
        {kind === 'chat' && <Conversation messages={messages} isRunning={answer.state.isRunning} />}
        <label for="asked">{kind === 'chat' ? 'Your message' : 'Text to go on with'}</label>
        <textarea
          id="asked"
          rows={4}
          required
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        <SettingsForm settings={settings} onChange={setSettings} />
        <Buttons
          answer={answer}
          onForget={kind === 'chat' && messages.length > 0 ? () => setMessages([]) : undefined}
        />
      </form>
      <section class="panel" aria-label="Answer">
        <Answer tokens={answer.state.tokens} isRunning={answer.state.isRunning} />
        {answer.state.error !== undefined && <ErrorNote error={answer.state.error} />}
        <Timings state={answer.state} />
        <SnippetList question={question} />
      </section>
    </div>
  );
}

interface ModelChoiceProps {
  models: readonly Model[];
  modelId: string;
  onChange: (id: string) => void;
}

function ModelChoice({ models, modelId, onChange }: ModelChoiceProps): JSX.Element {
  return (
    <label>
      Model{' '}
      <select value={modelId} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        {models.map(({ id }) => (
          <option key={id} value={id}>
            {id}
          </option>
        ))}
      </select>
    </label>
  );
}

interface KindChoiceProps {
  kind: Question['kind'];
  chats: boolean;
  onChange: (kind: Question['kind']) => void;
}

function KindChoice({ kind, chats, onChange }: KindChoiceProps): JSX.Element {
  return (
    <fieldset class="kinds">
      <legend class="unseen">What to ask</legend>
      <label>
        <input type="radio" name="kind" checked={kind === 'prompt'} onChange={() => onChange('prompt')} />{' '}
        Prompt
      </label>
      <label>
        <input
          type="radio"
          name="kind"
          checked={kind === 'chat'}
          disabled={!chats}
          onChange={() => onChange('chat')}
        />{' '}
        {chats ? 'Chat' : 'Chat (the model has no template)'}
      </label>
    </fieldset>
  );
}

/** What was said, without the answer that is being written: that one is shown with its tokens. */
function Conversation({
  messages,
  isRunning,
}: {
  messages: readonly Message[];
  isRunning: boolean;
}): JSX.Element {
  return (
    <ol class="conversation" aria-label="Conversation">
      {messages.map(({ role, content }, index) => (
        <li key={index} class={role}>
          <span class="quiet">{role === 'user' ? 'You' : 'Model'}</span> {content}
        </li>
      ))}
      {isRunning && <li class="quiet">The model is answering …</li>}
    </ol>
  );
}

function Buttons({
  answer,
  onForget,
}: {
  answer: AnswerStream;
  onForget: (() => void) | undefined;
}): JSX.Element {
  const { isRunning } = answer.state;
  return (
    <p class="buttons">
      <button type="submit" disabled={isRunning}>
        Send
      </button>
      <button type="button" disabled={!isRunning} onClick={answer.stop}>
        Stop
      </button>
      {onForget !== undefined && (
        <button type="button" disabled={isRunning} onClick={onForget}>
          New conversation
        </button>
      )}
    </p>
  );
}
