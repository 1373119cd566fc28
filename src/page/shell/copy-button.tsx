import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

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

/** False where the browser forbids it. `navigator.clipboard` is there only on localhost and with TLS. */
async function copyText(text: string): Promise<boolean> {
  const { clipboard } = navigator as { clipboard?: Clipboard };
  if (clipboard !== undefined) {
    return clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const field = document.createElement('textarea');
  field.className = 'unseen';
  field.value = text;
  document.body.append(field);
  field.select();
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way without TLS.
  const isCopied = document.execCommand('copy');
  field.remove();
  return isCopied;
}
