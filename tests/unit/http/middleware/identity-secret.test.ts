import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type * as identity from '../../../../src/http/middleware/identity-secret.ts';
import { tempDirectory } from '../../../support/temp-directory.ts';

/** As after a restart. */
async function startAnew(): Promise<typeof identity> {
  vi.resetModules();
  return import('../../../../src/http/middleware/identity-secret.ts');
}

describe('keepIdentitySecret', () => {
  it('makes the secret the same after a restart, and for two services that start at once', async () => {
    const folder = join(tempDirectory(), 'prefixes');
    const [first, second] = [await startAnew(), await startAnew()];
    expect(first.identitySecret().equals(second.identitySecret())).toBe(false);
    const reasons = await Promise.all([first, second].map((one) => one.keepIdentitySecret(folder)));
    expect(reasons).toEqual([undefined, undefined]);
    expect(first.identitySecret()).toEqual(second.identitySecret());
    expect(readdirSync(folder)).toEqual(['secret']);
    const third = await startAnew();
    expect(await third.keepIdentitySecret(folder)).toBeUndefined();
    expect(third.identitySecret()).toEqual(first.identitySecret());
    if (process.platform !== 'win32') expect(statSync(join(folder, 'secret')).mode & 0o777).toBe(0o600);
  });

  it('says why it is not kept, and takes a new one', async () => {
    const one = await startAnew();
    const folder = tempDirectory();
    writeFileSync(join(folder, 'secret'), 'short');
    expect(await one.keepIdentitySecret(folder)).toContain('is no secret of 32 bytes');
    expect(await one.keepIdentitySecret(join(folder, 'secret'))).toContain('secret');
    expect(one.identitySecret().byteLength).toBe(32);
  });
});
