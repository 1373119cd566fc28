import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { copyText } from './copy-text.ts';

interface CopyButtonProps {
  text: string;
  /** What it copies, where the place of the button does not say it. */
  label?: string;
}

export function CopyButton({ text, label = 'Copy' }: CopyButtonProps): JSX.Element {
  const [outcome, setOutcome] = useState<string>();
  const copy = (): void => {
    void copyText(text).then((isCopied) => setOutcome(isCopied ? 'Copied' : 'Not allowed by the browser'));
  };
  return (
    <button type="button" class="small" onClick={copy} onBlur={() => setOutcome(undefined)}>
      <span aria-live="polite">{outcome ?? label}</span>
    </button>
  );
}
