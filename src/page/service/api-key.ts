import { createStore } from '../shell/store.ts';

const STORED_AS = 'tokenflare-key';

/** The key that requests carry. It stays in this tab and is gone with it. */
export const apiKey = createStore<string>(sessionStorage.getItem(STORED_AS) ?? '');

export function setApiKey(key: string): void {
  if (key === '') sessionStorage.removeItem(STORED_AS);
  else sessionStorage.setItem(STORED_AS, key);
  apiKey.set(key);
}

/** True once a request was refused for want of a valid key, until one is given. */
export const keyIsWanted = createStore(false);
