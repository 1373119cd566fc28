import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashApiKey } from '../../../src/access/api-key.ts';
import { createKey, revokeKey, type NewKey } from '../../../src/access/edit-keys.ts';
import { readKeyFile, writeKeyFile } from '../../../src/access/key-file.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

const newKeyOf = (name: string, newKey: Partial<NewKey> = {}): NewKey => ({
  name,
  isAdmin: false,
  limits: {},
  models: undefined,
  expiresAt: undefined,
  ...newKey,
});

describe('createKey', () => {
  it('keeps the hash and what the key may do, and nothing of the key', async () => {
    const path = join(tempDirectory(), 'new', 'keys.json');
    const { text, key } = await createKey(
      path,
      newKeyOf('alice', {
        isAdmin: true,
        limits: { requestsPerMinute: 5, tokensPerMinute: 6, concurrency: 7 },
        models: ['a/b', 'c'],
        expiresAt: '2099-01-01T00:00:00.000Z',
      }),
    );
    expect(await readKeyFile(path)).toEqual([key]);
    expect(key.sha256).toBe(hashApiKey(text).toString('hex'));
    expect(readFileSync(path, 'utf8')).not.toContain(text.slice(-43));
  });

  it('makes a file that its owner alone can read, and leaves nothing beside it', async () => {
    const folder = tempDirectory();
    const path = join(folder, 'keys.json');
    await createKey(path, newKeyOf('a'));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    // An operator lets the service's group read it.
    chmodSync(path, 0o640);
    await createKey(path, newKeyOf('b'));
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(['keys.json']);
  });

  it('loses no key when many are made at once', async () => {
    const path = join(tempDirectory(), 'keys.json');
    const names = Array.from({ length: 20 }, (_, i) => `key-${i}`);
    await Promise.all(names.map((name) => createKey(path, newKeyOf(name))));
    const keys = (await readKeyFile(path)) ?? [];
    expect(keys.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  });

  it('lets one name be used once at a time', async () => {
    const path = join(tempDirectory(), 'keys.json');
    await createKey(path, newKeyOf('alice'));
    await expect(createKey(path, newKeyOf('alice'))).rejects.toMatchObject({ code: 'conflict' });
    await revokeKey(path, 'alice');
    await createKey(path, newKeyOf('alice'));
    expect(await readKeyFile(path)).toHaveLength(2);
  });

  it('writes through a link', async () => {
    const folder = tempDirectory();
    const target = join(folder, 'target.json');
    const link = join(folder, 'link.json');
    await writeKeyFile(target, []);
    symlinkSync(target, link);
    await createKey(link, newKeyOf('alice'));
    expect(await readKeyFile(target)).toHaveLength(1);
  });
});

describe('revokeKey', () => {
  it('marks a key by its id or its name, and says when there is none', async () => {
    const path = join(tempDirectory(), 'keys.json');
    const { key: a } = await createKey(path, newKeyOf('a'));
    const { key: b } = await createKey(path, newKeyOf('b'));
    expect((await revokeKey(path, a.id)).revokedAt).toBeDefined();
    expect((await revokeKey(path, 'b')).id).toBe(b.id);
    const keys = (await readKeyFile(path)) ?? [];
    expect(keys.every(({ revokedAt }) => revokedAt !== undefined)).toBe(true);
    await expect(revokeKey(path, 'b')).rejects.toMatchObject({ code: 'not_found' });
    await expect(revokeKey(path, 'nobody')).rejects.toThrow("there is no key 'nobody'");
  });
});

describe('readKeyFile', () => {
  const good = {
    id: '0123456789abcdef',
    name: 'alice',
    sha256: 'a'.repeat(64),
    admin: false,
    created_at: '2026-01-01T00:00:00.000Z',
  };
  const other = { ...good, id: 'fedcba9876543210' };

  it('is undefined where there is no file', async () => {
    expect(await readKeyFile(join(tempDirectory(), 'none.json'))).toBeUndefined();
  });

  it.each([
    ['not JSON', 'tkf_secret', /it is not JSON$/],
    ['another version', JSON.stringify({ version: 2, keys: [] }), /version/],
    ['a misspelt limit', { ...good, request_per_minute: 5 }, /request_per_minute/],
    ['a limit of nothing', { ...good, concurrency: 0 }, /keys\.0\.concurrency/],
    ['a hash that is none', { ...good, sha256: 'abc' }, /keys\.0\.sha256/],
    ['an end that is no time', { ...good, expires_at: 'soon' }, /keys\.0\.expires_at/],
    ['too many bytes', 'x'.repeat((4 << 20) + 1), /more than 4194304 bytes/],
  ])('refuses %s, and names it', async (_, content, message) => {
    const path = join(tempDirectory(), 'keys.json');
    const text = typeof content === 'string' ? content : JSON.stringify({ version: 1, keys: [content] });
    writeFileSync(path, text);
    await expect(readKeyFile(path)).rejects.toMatchObject({ code: 'config_invalid' });
    await expect(readKeyFile(path)).rejects.toThrow(message);
  });

  it('refuses two keys of one name or id, unless the one of the name is revoked', async () => {
    const path = join(tempDirectory(), 'keys.json');
    const write = (...keys: object[]): void => writeFileSync(path, JSON.stringify({ version: 1, keys }));
    write(good, other);
    await expect(readKeyFile(path)).rejects.toThrow('same name');
    write(good, { ...good, name: 'bob' });
    await expect(readKeyFile(path)).rejects.toThrow('same id');
    write({ ...good, revoked_at: good.created_at }, other);
    expect(await readKeyFile(path)).toHaveLength(2);
  });

  it('does not wait for the writer of a pipe', async () => {
    const path = join(tempDirectory(), 'keys.json');
    execFileSync('mkfifo', [path]);
    await expect(readKeyFile(path)).rejects.toThrow('it is not a file');
  });
});
