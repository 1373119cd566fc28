import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeClone } from '../support/clone.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';

/** What a newcomer has: the files of the repository, Node, the packages that a start installs, and no compiler. */
describe.runIf(RUNTIME_NAMES_HERE.includes('native'))('an empty clone where there is no compiler', () => {
  let folder: string;
  let clone: string;
  let path: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tokenflare-clone-'));
    clone = join(folder, 'clone');
    makeClone(clone, 'of a start');
    path = join(folder, 'bin');
    mkdirSync(path);
    for (const name of ['node', 'sh'])
      symlinkSync(name === 'node' ? process.execPath : '/bin/sh', join(path, name));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What the service says once it serves. */
  async function greeting(settings: Record<string, string>): Promise<string> {
    const env = { PATH: path, HOME: folder, PORT: '0', LOG_LEVEL: 'error', ...settings };
    const built = spawnSync(process.execPath, ['scripts/setup.mjs'], { cwd: clone, env, encoding: 'utf8' });
    expect(built.status, built.stderr).toBe(0);
    expect(built.stderr).not.toMatch(/warn/i);
    const service = spawn(process.execPath, ['dist/src/cli/main.js'], {
      cwd: clone,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    service.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    const exited = once(service, 'exit');
    try {
      while (!/ on http:\S+ /.test(said) && service.exitCode === null) await once(service.stderr, 'data');
      return said;
    } finally {
      service.kill('SIGTERM');
      await exited;
    }
  }

  it('computes by the native kernels that came with it', async () => {
    expect(await greeting({})).toMatch(/tfjs native/);
    expect(existsSync(join(clone, 'dist/native'))).toBe(false);
    expect(existsSync(join(clone, 'node_modules/typescript'))).toBe(false);
  });

  it('computes on wasm where they are switched off', async () => {
    expect(await greeting({ NATIVE: 'off' })).toMatch(/tfjs wasm/);
  });

  it('computes on wasm where none fit and none can be made, and says so', async () => {
    rmSync(join(clone, 'prebuilds'), { recursive: true });
    const env = { PATH: path, HOME: folder };
    const built = spawnSync(process.execPath, ['scripts/setup.mjs'], { cwd: clone, env, encoding: 'utf8' });
    expect(built.stderr).toContain('cannot be compiled here; the service takes another runtime');
    expect(await greeting({})).toMatch(/tfjs wasm/);
  });
});
