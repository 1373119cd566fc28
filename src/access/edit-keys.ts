import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from '../errors.ts';
import { LOCK_TIMING, takeFileLock } from '../process/file-lock.ts';
import { hashApiKey, makeApiKey } from './api-key.ts';
import { readKeyFile, writeKeyFile, type StoredKey } from './key-file.ts';

/** What a new key is to be. */
export type NewKey = Pick<StoredKey, 'name' | 'isAdmin' | 'limits' | 'models' | 'expiresAt'>;

/** An edit takes milliseconds; one that takes so long has stopped. */
const LOCK_TIMEOUT_MS = 10_000;
const LOCK_POLL_MS = 50;

/**
 * Makes a key and adds it to a file, which is made if need be.
 * @returns the key's text, which is kept nowhere, and what is kept of it
 * @throws EngineError `conflict` for a name that a key has already; what `editKeys` throws
 */
export async function createKey(path: string, newKey: NewKey): Promise<{ text: string; key: StoredKey }> {
  const { id, text } = makeApiKey();
  const key: StoredKey = {
    ...newKey,
    id,
    sha256: hashApiKey(text).toString('hex'),
    createdAt: new Date().toISOString(),
    revokedAt: undefined,
  };
  await editKeys(path, (keys) => {
    if (keys.some(({ name, revokedAt }) => name === key.name && revokedAt === undefined)) {
      const remedy = 'choose another name, or revoke that key first';
      throw new EngineError('conflict', `there is a key '${key.name}' already; ${remedy}`);
    }
    return [...keys, key];
  });
  return { text, key };
}

/**
 * Revokes the key of an id, or the one of a name that is not revoked.
 * @throws EngineError `not_found` when there is none; what `editKeys` throws
 */
export async function revokeKey(path: string, idOrName: string): Promise<StoredKey> {
  let revoked: StoredKey | undefined;
  await editKeys(path, (keys) => {
    const found = keys.find(
      ({ id, name, revokedAt }) => id === idOrName || (name === idOrName && revokedAt === undefined),
    );
    if (found === undefined) {
      const remedy = `'tokenflare keys list' says which there are`;
      throw new EngineError('not_found', `there is no key '${idOrName}' that is not revoked; ${remedy}`);
    }
    revoked = { ...found, revokedAt: found.revokedAt ?? new Date().toISOString() };
    return keys.map((key) => (key === found && revoked !== undefined ? revoked : key));
  });
  if (revoked === undefined) throw new EngineError('internal', 'the edit has set it');
  return revoked;
}

/** One edit at a time, among all processes that share the file. */
async function editKeys(
  path: string,
  edit: (keys: readonly StoredKey[]) => readonly StoredKey[],
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const release = await waitForLock(path);
  try {
    await writeKeyFile(path, edit((await readKeyFile(path)) ?? []));
  } finally {
    release();
  }
}

/** @throws EngineError `conflict` naming the process that holds the lock for too long */
async function waitForLock(path: string): Promise<() => void> {
  const startedMs = performance.now();
  for (;;) {
    const lock = takeFileLock(`${path}.lock`);
    if (lock.isTaken) return () => lock.release();
    const limitMs = LOCK_TIMEOUT_MS + (lock.isSure ? 0 : LOCK_TIMING.stillAfterMs);
    if (performance.now() - startedMs > limitMs) {
      throw new EngineError('conflict', `${path} is being changed by process ${lock.holder}; try again`);
    }
    await sleep(LOCK_POLL_MS);
  }
}
