import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openAccess, type AccessConfig } from '../../../src/access/access.ts';
import { KeyFile } from '../../support/keys.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

const CONFIG: AccessConfig = {
  host: '127.0.0.1',
  keysFile: undefined,
  allowAnonymous: false,
  redisUrl: undefined,
  limitsFallback: 'local',
};

describe('openAccess', () => {
  it.each(['127.0.0.1', '127.3.2.1', '::1', 'localhost', '::ffff:127.0.0.1'])(
    'needs no keys on %s, which is this machine',
    async (host) => {
      const access = await openAccess({ ...CONFIG, host });
      expect(access.keys).toBeUndefined();
      expect(access.limits).toBeUndefined();
    },
  );

  it.each(['0.0.0.0', '::', '192.168.1.4', 'example.org', '127.example.org', 'localhost.example.org'])(
    'refuses to serve everybody on %s unless it is told to',
    async (host) => {
      const config = { ...CONFIG, host };
      await expect(openAccess(config)).rejects.toMatchObject({ code: 'config_invalid' });
      await expect(openAccess(config)).rejects.toThrow(/tokenflare keys create NAME.*ALLOW_ANONYMOUS=on/s);
      expect((await openAccess({ ...config, allowAnonymous: true })).keys).toBeUndefined();
      using file = new KeyFile();
      await file.create('alice');
      expect((await openAccess({ ...config, keysFile: file.path })).keys?.numKeys).toBe(1);
    },
  );

  it('refuses a key file that is missing or broken', async () => {
    const keysFile = join(tempDirectory(), 'keys.json');
    await expect(openAccess({ ...CONFIG, keysFile })).rejects.toThrow('there is no such file');
    expect((await openAccess({ ...CONFIG, keysFile, allowAnonymous: true })).keys?.numKeys).toBe(0);
    writeFileSync(keysFile, '[]');
    for (const allowAnonymous of [true, false])
      await expect(openAccess({ ...CONFIG, keysFile, allowAnonymous })).rejects.toThrow(keysFile);
  });

  it('starts without Redis that is out of reach, and says so once', async () => {
    using file = new KeyFile();
    await file.create('alice');
    const reasons: string[] = [];
    const config = { ...CONFIG, keysFile: file.path, redisUrl: join(tempDirectory(), 'none') };
    const access = await openAccess(config, { onLimitsLost: (reason) => reasons.push(reason) });
    expect(access.sharing?.isShared).toBe(false);
    expect((await access.limits?.take('requests', 'key', 1, 1))?.isTaken).toBe(true);
    expect((await access.limits?.take('requests', 'key', 1, 1))?.isTaken).toBe(false);
    await access.close();
    expect(reasons).toEqual([expect.stringContaining('ENOENT')]);
  });
});
