import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { revokeKey } from '../../src/access/edit-keys.ts';
import { bearer, KeyFile } from '../support/keys.ts';
import { urlOf, useServices, type ServiceProcess } from '../support/process.ts';
import { until } from '../support/service.ts';

/** The service as a process, with keys. */

const file = new KeyFile();
const spawn = useServices();
const start = (environment: Record<string, string> = {}): ServiceProcess =>
  spawn({ KEYS_FILE: file.path, ...environment });

const complete = (url: string, headers: Record<string, string>): Promise<Response> =>
  fetch(`${url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ prompt: 'The river', max_tokens: 2 }),
  });

describe('the service without keys', () => {
  it('does not start on an address that other machines reach, and says how to make a key', async () => {
    const service = start({ HOST: '0.0.0.0', KEYS_FILE: '' });
    expect(await service.exited).toBe(1);
    expect(service.stderr()).toContain('config_invalid');
    expect(service.stderr()).toContain('tokenflare keys create');
    expect(service.stderr()).toContain('ALLOW_ANONYMOUS=on');
  });

  it('does not start with a key file that is not there', async () => {
    const service = start({ KEYS_FILE: `${file.path}.none` });
    expect(await service.exited).toBe(1);
    expect(service.stderr()).toContain('there is no such file');
  });

  it('says nothing of what REDIS_URL is, not even when it is wrong', async () => {
    const service = start({ KEYS_FILE: '', REDIS_URL: 'http://user:hunter2@127.0.0.1' });
    expect(await service.exited).toBe(1);
    expect(service.stderr()).toContain("REDIS_URL is '***': must be redis://");
    expect(service.stderr() + service.stdout()).not.toContain('hunter2');
  });
});

describe('the service with keys', () => {
  it('follows its file, and keeps secrets out of its log, its metrics and the list of processes', async () => {
    const alice = await file.create('alice');
    // Nothing listens there.
    const service = start({ REDIS_URL: 'redis://user:hunter2@127.0.0.1:9', LOG_LEVEL: 'trace' });
    const url = await urlOf(service);
    expect((await complete(url, bearer(alice))).status).toBe(200);
    expect((await complete(url, {})).status).toBe(401);

    const bob = await file.create('bob', { limits: { requestsPerMinute: 100 } });
    await until(async () => (await complete(url, bearer(bob))).status === 200);
    await revokeKey(file.path, 'alice');
    await until(async () => (await complete(url, { 'x-api-key': alice })).status === 401);

    writeFileSync(file.path, 'broken');
    await until(async () => {
      expect((await complete(url, bearer(bob))).status).toBe(200);
      return service.stdout().includes('the keys that were read last stay in use');
    });
    rmSync(file.path);
    await until(async () => {
      expect((await complete(url, bearer(bob))).status).toBe(200);
      return service.stdout().includes('there is no such file');
    });

    const processes = execFileSync('ps', ['-eo', 'pid,ppid,args'], { encoding: 'utf8' });
    expect(processes).toContain(String(service.child.pid));
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('tokenflare_key_requests_total{key="bob"}');
    const log = service.stdout();
    expect(log).toContain('"key":"bob"');
    for (const secret of [alice.slice(-43), bob.slice(-43), 'hunter2']) {
      for (const text of [log, service.stderr(), metrics, processes]) expect(text).not.toContain(secret);
    }
  });
});
