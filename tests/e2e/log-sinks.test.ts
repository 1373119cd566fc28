import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  childrenOf,
  freePort,
  isAlive,
  urlOf,
  useServices,
  type ServiceProcess,
} from '../support/process.ts';
import { metric, until } from '../support/service.ts';
import { postJson, sseData } from '../support/sse.ts';
import { tempDirectory } from '../support/temp-directory.ts';

/** What becomes of the service when its log, or what it prints for people, cannot be written. */

const spawn = useServices();

/** With the same file for its log and for what it prints. */
async function start(output: number): Promise<{ service: ServiceProcess; url: string }> {
  const port = await freePort();
  const service = spawn({ PORT: port, LOG_LEVEL: 'debug' }, { stdout: output, stderr: output });
  const url = `http://127.0.0.1:${port}`;
  await until(async () =>
    fetch(`${url}/ready`).then(
      ({ status }) => status === 200,
      () => false,
    ),
  );
  return { service, url };
}

/** A pipe by the name of a file; opened for both ways it waits for nobody. */
function makePipe(): string {
  const path = join(tempDirectory(), 'pipe');
  execFileSync('mkfifo', [path]);
  return path;
}

async function expectToServe(url: string): Promise<void> {
  const body = { prompt: 'The river', max_tokens: 40, temperature: 0, ignore_eos: true, stream: true };
  const frames: string[] = [];
  for await (const data of sseData(await postJson(`${url}/v1/completions`, body))) frames.push(data);
  expect(frames.at(-1)).toBe('[DONE]');
}

/** More lines than a pipe and the service's own buffer hold. */
async function fillLog(url: string): Promise<void> {
  const path = `/${'x'.repeat(2000)}`;
  while ((await metric(url, 'tokenflare_log_lines_lost_total')) === 0) {
    await Promise.all(Array.from({ length: 50 }, async () => (await fetch(url + path)).text()));
  }
}

async function expectToEnd({ child, exited }: ServiceProcess): Promise<void> {
  const children = childrenOf(child.pid ?? NaN);
  expect(children.length).toBeGreaterThan(0);
  child.kill('SIGTERM');
  expect(await exited).toBe(0);
  expect(children.filter(isAlive)).toEqual([]);
}

describe('a service whose log goes nowhere serves, counts what is lost, and ends on SIGTERM', () => {
  it('on a full device', async () => {
    const full = openSync('/dev/full', 'w');
    const { service, url } = await start(full);
    await expectToServe(url);
    await until(async () => (await metric(url, 'tokenflare_log_lines_lost_total')) > 1);
    await expectToEnd(service);
  });

  it('into a pipe whose reader is gone', async () => {
    const path = makePipe();
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(path, 'w');
    const { service, url } = await start(writer);
    closeSync(writer);
    closeSync(reader);
    await expectToServe(url);
    await until(async () => (await metric(url, 'tokenflare_log_lines_lost_total')) > 1);
    await expectToEnd(service);
  });

  it('into a pipe whose reader does not read', async () => {
    const pipe = openSync(makePipe(), 'r+');
    const { service, url } = await start(pipe);
    await fillLog(url);
    await expectToServe(url);
    await expectToEnd(service);
    closeSync(pipe);
  });

  it('into a socket whose other end does not read', async () => {
    // What Node calls a pipe is a socket.
    const service = spawn({ LOG_LEVEL: 'debug' });
    const url = await urlOf(service);
    service.child.stdout?.pause();
    service.child.stderr?.pause();
    await fillLog(url);
    await expectToServe(url);
    await expectToEnd(service);
  });
});
