import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { CopyButton } from '../../shell/copy-button.tsx';
import type { Question } from '../answer/question.ts';
import { snippetsOf } from './snippets.ts';

/** The request as other programs make it, to be copied. */
export function ViewCode({ question }: { question: Question }): JSX.Element {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details class="option" onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}>
      <summary>View code</summary>
      {isOpen && <Snippets question={question} />}
    </details>
  );
}

function Snippets({ question }: { question: Question }): JSX.Element | null {
  const [chosen, setChosen] = useState(0);
  const snippets = snippetsOf(question, document.baseURI);
  const snippet = snippets[chosen];
  if (snippet === undefined) return null;
  return (
    <div class="snippets">
      <div class="languages" role="group" aria-label="Language">
        {snippets.map(({ name }, index) => (
          <button
            key={name}
            type="button"
            class="small"
            aria-pressed={index === chosen}
            onClick={() => setChosen(index)}
          >
            {name}
          </button>
        ))}
        <CopyButton text={snippet.code} />
      </div>
      {/* It scrolls sideways, so that the keyboard must reach it. */}
      <pre tabIndex={0} role="region" aria-label={snippet.name}>
        <code>{snippet.code}</code>
      </pre>
      <p class="quiet">
        {snippet.note} The key matters only where the service has API keys.
        {question.kind === 'prompt' &&
          ' Without max_tokens a completion ends after 16 tokens, as at OpenAI; this page asks for as many as there is room for.'}
      </p>
    </div>
  );
}
