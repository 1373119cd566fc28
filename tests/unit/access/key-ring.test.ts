import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createKey, revokeKey, type NewKey } from '../../../src/access/edit-keys.ts';
import { readKeyFile, writeKeyFile } from '../../../src/access/key-file.ts';
import { KeyRing, type KeyRingOptions } from '../../../src/access/key-ring.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

const comparisons = vi.hoisted(() => ({ number: 0 }));
vi.mock(import('node:crypto'), async (importOriginal) => {
  const crypto = await importOriginal();
  return {
    ...crypto,
    timingSafeEqual: (...hashes: Parameters<typeof crypto.timingSafeEqual>) => {
      comparisons.number++;
      return crypto.timingSafeEqual(...hashes);
    },
  };
});

const SECOND = 1000;
let path: string;
let nowMs: number;
let problems: string[];
beforeEach(() => {
  path = join(tempDirectory(), 'keys.json');
  nowMs = 0;
  problems = [];
});

async function create(name: string, newKey: Partial<NewKey> = {}): Promise<string> {
  const common = { isAdmin: false, limits: {}, models: undefined, expiresAt: undefined };
  return (await createKey(path, { name, ...common, ...newKey })).text;
}

const open = (options: Partial<KeyRingOptions> = {}): Promise<KeyRing> =>
  KeyRing.open({
    path,
    mayBeMissing: false,
    monotonicMs: () => nowMs,
    onProblem: ({ message }) => problems.push(message),
    ...options,
  });

describe('KeyRing.check', () => {
  it('knows whose a key is, and what it may', async () => {
    const key = await create('alice', { isAdmin: true, limits: { concurrency: 2 }, models: ['a'] });
    const ring = await open();
    expect(await ring.check([key])).toEqual({
      isValid: true,
      principal: {
        keyId: key.split('_')[1],
        keyName: 'alice',
        isAdmin: true,
        models: ['a'],
        limits: { concurrency: 2 },
      },
    });
  });

  it('compares every text once and in constant time, whatever it is', async () => {
    const key = await create('alice');
    const ring = await open();
    const last = key.at(-1) === 'A' ? 'E' : 'A';
    const nearMiss = key.slice(0, -1) + last;
    const unknownId = key.replace(/_[0-9a-f]+_/, '_0123456789abcdef_');
    const texts = [nearMiss, unknownId, '', 'none', 'x'.repeat(10_000), key.slice(0, -1), `${key}A`];
    for (const text of texts) {
      comparisons.number = 0;
      expect(await ring.check([text])).toEqual({ isValid: false, refusal: 'unknown', keyName: undefined });
      expect(comparisons.number).toBe(1);
    }
    comparisons.number = 0;
    expect((await ring.check([key])).isValid).toBe(true);
    expect(comparisons.number).toBe(1);
  });

  it('tells what is wrong with a key to its holder alone', async () => {
    const expired = await create('old', { expiresAt: '2027-01-01T00:00:00.000Z' });
    const revoked = await create('gone');
    await revokeKey(path, 'gone');
    const now = vi.fn(() => Date.parse('2026-12-31T23:59:59.999Z'));
    const ring = await open({ now });
    expect((await ring.check([expired])).isValid).toBe(true);
    now.mockReturnValue(Date.parse('2027-01-01T00:00:00.000Z'));
    expect(await ring.check([expired])).toEqual({ isValid: false, refusal: 'expired', keyName: 'old' });
    expect(await ring.check([revoked])).toEqual({ isValid: false, refusal: 'revoked', keyName: 'gone' });
    expect(await ring.check([])).toEqual({ isValid: false, refusal: 'missing', keyName: undefined });
    // With another's id and no secret one learns nothing.
    const guess = revoked.slice(0, -43) + 'A'.repeat(43);
    expect(await ring.check([guess])).toEqual({ isValid: false, refusal: 'unknown', keyName: undefined });
  });

  it('takes the first valid one of several, and otherwise names the one that it knows', async () => {
    const key = await create('alice');
    const revoked = await create('gone');
    await revokeKey(path, 'gone');
    const ring = await open();
    expect(await ring.check(['none', key])).toMatchObject({ principal: { keyName: 'alice' } });
    expect(await ring.check(['none', revoked])).toMatchObject({ refusal: 'revoked', keyName: 'gone' });
  });

  it('has a key of its own that no file can take away', async () => {
    await create('alice');
    const [ring, other] = [await open(), await open()];
    expect(await ring.check([ring.ownKey])).toMatchObject({ isValid: true, principal: { isAdmin: true } });
    expect((await other.check([ring.ownKey])).isValid).toBe(false);
  });
});

describe('a key file that changes', () => {
  it('is read again at the first request after a second', async () => {
    const alice = await create('alice');
    const ring = await open();
    const bob = await create('bob');
    nowMs = SECOND - 1;
    expect((await ring.check([bob])).isValid).toBe(false);
    nowMs = SECOND;
    expect((await ring.check([bob])).isValid).toBe(true);
    await revokeKey(path, 'alice');
    nowMs = 2 * SECOND;
    expect(await ring.check([alice])).toMatchObject({ refusal: 'revoked' });
  });

  it('is seen when it is replaced by a rename, or written in place', async () => {
    const key = await create('alice');
    const ring = await open();
    const [stored] = (await readKeyFile(path)) ?? [];
    const renamed = `${path}.new`;
    await writeKeyFile(renamed, [{ ...stored!, name: 'carol' }]);
    renameSync(renamed, path);
    nowMs += SECOND;
    expect(await ring.check([key])).toMatchObject({ principal: { keyName: 'carol' } });
    writeFileSync(path, JSON.stringify({ version: 1, keys: [] }));
    nowMs += SECOND;
    expect((await ring.check([key])).isValid).toBe(false);
  });

  it('leaves the keys that were there when it is broken or gone, and says so once', async () => {
    const key = await create('alice');
    const ring = await open();
    for (const [breakIt, problem] of [
      [() => writeFileSync(path, '{"version":1,'), 'it is not JSON'],
      [() => rmSync(path), 'there is no such file'],
    ] as const) {
      breakIt();
      for (let i = 0; i < 3; i++) {
        nowMs += SECOND;
        expect((await ring.check([key])).isValid).toBe(true);
      }
      expect(problems).toEqual([expect.stringContaining(problem)]);
      problems.length = 0;
    }
    // And it is used again once it is whole.
    await create('bob');
    nowMs += SECOND;
    expect((await ring.check([key])).isValid).toBe(false);
    expect(ring.numKeys).toBe(1);
    expect(problems).toEqual([]);
  });
});

describe('KeyRing.open', () => {
  it('refuses a missing file, unless requests without a key are welcome', async () => {
    await expect(open()).rejects.toMatchObject({ code: 'config_invalid' });
    await expect(open()).rejects.toThrow('tokenflare keys create');
    const ring = await open({ mayBeMissing: true });
    expect(ring.numKeys).toBe(0);
    const key = await create('alice');
    nowMs += SECOND;
    expect((await ring.check([key])).isValid).toBe(true);
  });

  it('refuses a broken file', async () => {
    writeFileSync(path, 'keys');
    await expect(open()).rejects.toThrow('it is not JSON');
  });
});

describe('KeyRing.find', () => {
  it('knows a key by its id, for as long as it is valid', async () => {
    const key = await create('alice', { models: ['a'] });
    const expiring = await create('bob', { expiresAt: '2030-01-01T00:00:00Z' });
    const idOf = (text: string): string => text.split('_')[1] ?? '';
    let date = 0;
    const ring = await open({ now: () => date });
    expect(await ring.find(idOf(key))).toMatchObject({ keyName: 'alice', models: ['a'] });
    expect(await ring.find(idOf(expiring))).toMatchObject({ keyName: 'bob' });
    expect(await ring.find('none')).toBeUndefined();
    date = Date.parse('2030-01-01T00:00:00Z');
    expect(await ring.find(idOf(expiring))).toBeUndefined();
    await revokeKey(path, 'alice');
    nowMs += SECOND;
    expect(await ring.find(idOf(key))).toBeUndefined();
  });
});
