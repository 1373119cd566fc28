import type { JSX } from 'preact';
import { adviceFor, messageFor, ServiceError } from '../service/service-error.ts';

/** An error as sentences: what happened, what to do, and the id by which the log knows the request. */
export function ErrorNote({ error }: { error: unknown }): JSX.Element {
  const known = error instanceof ServiceError ? error : undefined;
  const message = error instanceof Error ? error.message : String(error);
  const advice = known === undefined ? '' : adviceFor(known);
  return (
    <div class="error" role="alert">
      <p>{asSentence(known === undefined ? message : messageFor(known))}</p>
      {advice !== '' && <p>{advice}</p>}
      {known?.requestId !== undefined && (
        <p class="quiet">
          Request <code>{known.requestId}</code>
        </p>
      )}
    </div>
  );
}

/** Messages of the service begin small and end without a full stop. A field's name stays as it is. */
export function asSentence(message: string): string {
  const text = message.replace(/^[a-z](?=[a-z]*(?:\s|$))/, (letter) => letter.toUpperCase());
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
