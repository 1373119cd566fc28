import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { snippetsOf, type Snippet } from './snippets.ts';
import type { Question } from './question.ts';

/** The request as other clients make it, to be copied. */
export function SnippetList({ question }: { question: Question }): JSX.Element {
  return (
    <details class="snippets">
      <summary>This request from elsewhere</summary>
      {snippetsOf(question, document.baseURI).map((snippet) => (
        <SnippetCode key={snippet.name} snippet={snippet} />
      ))}
    </details>
  );
}

function SnippetCode({ snippet: { name, code } }: { snippet: Snippet }): JSX.Element {
  const [isCopied, setIsCopied] = useState(false);
  const copy = (): void => {
    void navigator.clipboard.writeText(code).then(() => setIsCopied(true));
  };
  return (
    <section aria-label={name}>
      <h3>
        {name}{' '}
        <button type="button" onClick={copy}>
          {isCopied ? 'Copied' : `Copy for ${name}`}
        </button>
      </h3>
      {/* It scrolls sideways, so that the keyboard must reach it. */}
      <pre tabIndex={0}>
        <code>{code}</code>
      </pre>
    </section>
  );
}
