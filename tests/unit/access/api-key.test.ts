import { webcrypto } from 'node:crypto';
import { expect, it } from 'vitest';
import { hashApiKey, idOfApiKey, KEY_ID, makeApiKey } from '../../../src/access/api-key.ts';

it('makes keys that differ, with their ids and 256 bits in them', () => {
  const keys = Array.from({ length: 1000 }, makeApiKey);
  expect(new Set(keys.map(({ text }) => text)).size).toBe(1000);
  expect(new Set(keys.map(({ id }) => id)).size).toBe(1000);
  for (const { id, text } of keys) {
    expect(id).toMatch(KEY_ID);
    expect(idOfApiKey(text)).toBe(id);
    expect(Buffer.from(text.slice(`tkf_${id}_`.length), 'base64url')).toHaveLength(32);
    // One that is pasted into a shell or a header needs no quotes.
    expect(text).toMatch(/^[\w-]+$/);
  }
});

it('finds no id in what is no key', () => {
  const { text } = makeApiKey();
  const others = ['', 'none', 'sk-proj-1', text.slice(1), `${text}a`, text.slice(0, -1), text.toUpperCase()];
  for (const other of [...others, text.replace('tkf', 'TKF'), ` ${text}`, `${text}\n`, 'x'.repeat(100_000)]) {
    expect(idOfApiKey(other)).toBeUndefined();
  }
});

it('hashes by SHA-256, as Web Crypto has it', async () => {
  const { text } = makeApiKey();
  const theirs = await webcrypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  expect(hashApiKey(text)).toEqual(Buffer.from(theirs));
});
