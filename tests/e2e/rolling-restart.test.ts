import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { CompletionBody } from '../../routes/openai/schemas/completions.ts';
import { freePort, urlOf, useServices, type ServiceProcess } from '../support/process.ts';
import { until } from '../support/service.ts';
import { postJson, sseData } from '../support/sse.ts';
import { tempDirectory } from '../support/temp-directory.ts';

/** Two replicas behind a proxy with the configuration of docs/deploy, each restarted while clients ask. */

interface Ports {
  proxy: string;
  a: string;
  b: string;
}

function configuration(name: string, { proxy, a, b }: Ports): string {
  const path = fileURLToPath(new URL(`../../docs/deploy/${name}`, import.meta.url));
  return readFileSync(path, 'utf8')
    .replace(':8080', `:${proxy}`)
    .replace(':8787', `:${a}`)
    .replace(':8788', `:${b}`);
}

function startHaproxy(folder: string, ports: Ports): ChildProcess {
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(file, configuration('haproxy.cfg', ports));
  return spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' });
}

/** What a distribution's nginx.conf has around the file; all that nginx writes lies in the folder. */
function startNginx(folder: string, ports: Ports): ChildProcess {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  mkdirSync(join(folder, 'logs'));
  writeFileSync(join(folder, 'tokenflare.conf'), configuration('nginx.conf', ports));
  writeFileSync(
    join(folder, 'main.conf'),
    `daemon off; pid ${folder}/pid; error_log ${folder}/logs/error.log; events {}
     http { access_log off; include tokenflare.conf;
       ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')} }`,
  );
  return spawn('nginx', ['-p', folder, '-c', join(folder, 'main.conf')], { stdio: 'ignore' });
}

const PROXIES = [
  { name: 'haproxy', required: process.env['TEST_HAPROXY'], start: startHaproxy },
  { name: 'nginx', required: process.env['TEST_NGINX'], start: startNginx },
] as const;

const isHere = (name: string): boolean => spawnSync(name, ['-v']).status === 0;

const start = useServices();
const proxies: ChildProcess[] = [];
afterEach(() => {
  for (const proxy of proxies.splice(0)) proxy.kill('SIGKILL');
});

const startReplica = (port: string): ServiceProcess => start({ PORT: port, TRUST_PROXY: '127.0.0.1' });

const NUM_TOKENS = 100;

/** Asks for one answer, streamed or not: `whole`, or what became of it. */
async function ask(url: string, stream: boolean): Promise<string> {
  const body = { prompt: 'The river', max_tokens: NUM_TOKENS, ignore_eos: true, stream };
  const answer = await postJson(`${url}/v1/completions`, body);
  if (answer.status !== 200) return `${answer.status}: ${await answer.text()}`;
  if (!stream) {
    const { usage } = (await answer.json()) as CompletionBody;
    return usage.completion_tokens === NUM_TOKENS ? 'whole' : `${usage.completion_tokens} tokens`;
  }
  const frames: string[] = [];
  for await (const data of sseData(answer)) frames.push(data);
  return frames.at(-1) === '[DONE]' ? 'whole' : `ended with ${frames.at(-1)}`;
}

/** The replica that answers is one of the proxy's choice: asks until it was this one. */
async function untilServedBy(url: string, replica: string): Promise<void> {
  await until(async () => {
    const { headers } = await fetch(`${url}/health`);
    return headers.get('x-served-by')?.endsWith(replica) === true;
  });
}

describe.each(PROXIES)('a rolling restart behind $name', ({ name, required, start: startProxy }) => {
  it.skipIf(!isHere(name) && required !== 'required')('loses no answer', async () => {
    const ports = { proxy: await freePort(), a: await freePort(), b: await freePort() };
    const url = `http://127.0.0.1:${ports.proxy}`;
    // As each proxy names them.
    const names = name === 'haproxy' ? { a: 'a', b: 'b' } : { a: `:${ports.a}`, b: `:${ports.b}` };
    const replicas = { a: startReplica(ports.a), b: startReplica(ports.b) };
    await Promise.all([urlOf(replicas.a), urlOf(replicas.b)]);
    proxies.push(startProxy(tempDirectory(), ports));
    await until(() =>
      fetch(`${url}/health`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );

    const outcomes: string[] = [];
    let isOver = false;
    const client = async (stream: boolean): Promise<void> => {
      while (!isOver) outcomes.push(await ask(url, stream).catch((error: unknown) => String(error)));
    };
    const clients = [true, false, true, false].map(client);
    for (const replica of ['a', 'b'] as const) {
      const numBefore = outcomes.length;
      await until(() => outcomes.length > numBefore + 4);
      replicas[replica].child.kill('SIGTERM');
      expect(await replicas[replica].exited).toBe(0);
      replicas[replica] = startReplica(ports[replica]);
      await urlOf(replicas[replica]);
      await untilServedBy(url, names[replica]);
    }
    isOver = true;
    await Promise.all(clients);
    expect(outcomes.length).toBeGreaterThan(10);
    expect(outcomes.filter((outcome) => outcome !== 'whole')).toEqual([]);
  });
});
