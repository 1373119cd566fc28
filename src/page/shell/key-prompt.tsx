import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { apiKey, keyIsWanted, setApiKey } from '../service/api-key.ts';
import { useStore } from './store.ts';

/** Asks for a key once the service has refused a request without a valid one. */
export function KeyPrompt(): JSX.Element | null {
  const isWanted = useStore(keyIsWanted);
  const current = useStore(apiKey);
  const [typed, setTyped] = useState('');
  if (!isWanted) return null;
  const keep = (event: Event): void => {
    event.preventDefault();
    setApiKey(typed.trim());
    setTyped('');
    keyIsWanted.set(false);
  };
  return (
    <form class="key" onSubmit={keep}>
      <label for="api-key">
        {current === '' ? 'This service wants an API key' : 'The API key was refused'}
      </label>
      <input
        id="api-key"
        type="password"
        autocomplete="off"
        required
        value={typed}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
      />
      <button type="submit">Use it</button>
      <p class="quiet">It stays in this tab and is gone when you close it.</p>
    </form>
  );
}
