import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { idOfApiKey } from '../../src/access/api-key.ts';
import { readKeyFile } from '../../src/access/key-file.ts';
import { build } from '../support/process.ts';
import { tempDirectory } from '../support/temp-directory.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Finished {
  status: number | null;
  stdout: string;
  stderr: string;
}

async function run(environment: Record<string, string>, ...args: string[]): Promise<Finished> {
  const child = spawn(process.execPath, ['dist/src/cli/main.js', 'keys', ...args], {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, ...output };
}

/** Of a key file in a folder of its own. */
function cli(): { path: string; keys: (...args: string[]) => Promise<Finished> } {
  const path = join(tempDirectory(), 'access', 'keys.json');
  return { path, keys: (...args) => run({ KEYS_FILE: path }, ...args) };
}

beforeAll(build);

describe('tokenflare keys', () => {
  it('creates, lists and revokes; the key is on standard output, once', async () => {
    const { path, keys } = cli();
    const created = await keys(
      'create',
      'alice',
      '--requests-per-minute',
      '60',
      '--models',
      'a,b',
      '--admin',
    );
    expect(created.status).toBe(0);
    const key = created.stdout.trim();
    const id = idOfApiKey(key);
    expect(id).toBeDefined();
    expect(created.stderr).toContain('only time');
    expect(created.stderr).not.toContain(key.slice(-43));
    expect(readFileSync(path, 'utf8')).not.toContain(key.slice(-43));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(dirname(path))).toEqual(['keys.json']);

    const listed = await keys('list');
    expect(listed.stdout).toMatch(new RegExp(`${id}.*alice.*valid.*yes.*60.*a, b`));
    const revoked = await keys('revoke', 'alice', '--json');
    expect(JSON.parse(revoked.stdout)).toMatchObject({ id, name: 'alice', state: 'revoked' });
    const json = JSON.parse((await keys('list', '--json')).stdout) as object[];
    expect(json).toEqual([expect.objectContaining({ id, state: 'revoked', models: ['a', 'b'] })]);
    expect(JSON.stringify(json)).not.toContain('sha256');
  });

  it('makes a key for a program', async () => {
    const { keys } = cli();
    const { stdout } = await keys('create', 'bot', '--json', '--expires', '2099-01-01');
    const { key, ...fields } = JSON.parse(stdout) as { key: string };
    expect(fields).toMatchObject({ id: idOfApiKey(key), expires_at: '2099-01-01T00:00:00.000Z' });
  });

  it('loses no key of several that are made at once, beside the lock of one that died', async () => {
    const { path, keys } = cli();
    await keys('create', 'first');
    const gone = spawn('true');
    await once(gone, 'close');
    writeFileSync(`${path}.lock`, `${gone.pid} ${hostname()} x\n`);
    const names = Array.from({ length: 6 }, (_, i) => `key-${i}`);
    const results = await Promise.all(names.map((name) => keys('create', name)));
    expect(results.map(({ status }) => status)).toEqual(names.map(() => 0));
    const stored = (await readKeyFile(path)) ?? [];
    expect(stored.map(({ name }) => name).toSorted()).toEqual(['first', ...names].toSorted());
    expect(readdirSync(dirname(path))).toEqual(['keys.json']);
  });

  it.each([
    [[], 2, /Usage: tokenflare keys \[options\] \[command\]/],
    [['--help'], 0, /Usage: tokenflare keys \[options\] \[command\]/],
    [['make', 'a'], 2, /unknown command 'make'/],
    [['toString'], 2, /unknown command 'toString'/],
    [['create'], 2, /missing required argument 'name'/],
    [['create', 'a', 'b'], 2, /too many arguments for 'create'/],
    [['create', 'a', '--concurrency', 'x'], 1, /--concurrency is 'x': must be a whole number/],
    [['create', 'a', '--expires', '2020-01-01'], 1, /must lie in the future/],
    [['create', 'a', '--budget', '1'], 2, /unknown option '--budget'/],
    [['list', '--admin'], 2, /unknown option '--admin'/],
    [['revoke', 'nobody'], 1, /there is no key 'nobody'/],
  ])('%j ends with %i', async (args, status, message) => {
    const { path, keys } = cli();
    const result = await keys(...args);
    expect(result.status).toBe(status);
    expect(result.stdout + result.stderr).toMatch(message);
    if (args[0] !== 'revoke') expect(existsSync(path)).toBe(false);
  });

  it('asks where the keys lie, and leaves a file that it does not understand alone', async () => {
    const nowhere = await run({ KEYS_FILE: '' }, 'list');
    expect(nowhere).toMatchObject({ status: 2, stdout: '' });
    expect(nowhere.stderr).toContain('KEYS_FILE=keys.json');
    const path = join(tempDirectory(), 'keys.json');
    writeFileSync(path, '{"version":9}');
    const created = await run({ KEYS_FILE: '' }, 'create', 'a', '--keys-file', path);
    expect(created.status).toBe(1);
    expect(created.stderr).toContain(path);
    expect(readFileSync(path, 'utf8')).toBe('{"version":9}');
  });
});
