// How many requests a second three replicas answer behind a router that knows their prefixes, against HAProxy's round robin:
//   npx tsx scripts/compare-routers.ts MODEL.gguf VLLM_ROUTER [PAIRS]
// Conversations with long instructions of their own, turn after turn; six clients at once. Replicas are new for each run.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChatBody } from '../routes/openai/schemas/chat.ts';

const [model = '', vllmRouter = '', pairs = '3'] = process.argv.slice(2);
const NUM_CONVERSATIONS = 18;
const NUM_TURNS = 4;
const NUM_CLIENTS = 6;
const REPLICAS = [8701, 8702, 8703];
const PROXY = 8700;

const instructions = (i: number): string =>
  `You keep the shop of number ${i}. ` +
  `Article ${i}, of which there are many, costs ${i + 3} coins. `.repeat(60);

async function untilOk(url: string): Promise<void> {
  for (;;) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const started = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of started) child.kill('SIGKILL');
});

function start(command: string, args: string[], env: Record<string, string> = {}): ChildProcess {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: 'ignore' });
  started.add(child);
  return child;
}

const startReplica = (port: number): ChildProcess =>
  start(process.execPath, ['dist/src/cli/main.js'], {
    ...{
      PORT: `${port}`,
      MODEL: model,
      MODEL_ID: 'm',
      THREADS: '1',
      PREFIX_CACHE_SCOPE: 'all',
      LOG_LEVEL: 'silent',
    },
    ...{ BENCHMARK_RESULTS: 'memory', GATEWAY_LOGS: 'memory', KV_CACHE_MB: '1024' },
  });

function startHaproxy(): ChildProcess {
  const file = join(mkdtempSync(join(tmpdir(), 'routers-')), 'haproxy.cfg');
  const servers = REPLICAS.map((port) => `  server s${port} 127.0.0.1:${port}\n`).join('');
  writeFileSync(
    file,
    `defaults\n  mode http\n  timeout connect 2s\n  timeout client 610s\n  timeout server 610s\n` +
      `listen all\n  bind 127.0.0.1:${PROXY}\n  balance roundrobin\n${servers}`,
  );
  return start('haproxy', ['-db', '-f', file]);
}

const ROUTERS: Record<'round robin' | 'cache aware', () => ChildProcess> = {
  'round robin': startHaproxy,
  'cache aware': () =>
    start(vllmRouter, [
      ...['--host', '127.0.0.1', '--port', `${PROXY}`, '--prometheus-port', `${PROXY + 9}`],
      ...['--policy', 'cache_aware', '--worker-urls', ...REPLICAS.map((port) => `http://127.0.0.1:${port}`)],
    ]),
};

interface Message {
  role: string;
  content: string;
}

interface Answered {
  said: Message;
  numCached: number;
  numTokens: number;
}

async function ask(messages: Message[]): Promise<Answered> {
  const answer = await fetch(`http://127.0.0.1:${PROXY}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', messages, max_tokens: 24, temperature: 0 }),
  });
  assert.ok(answer.ok, answer.ok ? '' : await answer.text());
  const { choices, usage } = (await answer.json()) as ChatBody;
  return {
    said: { role: 'assistant', content: choices[0]?.message.content ?? '' },
    numCached: usage.prompt_tokens_details.cached_tokens,
    numTokens: usage.prompt_tokens,
  };
}

interface Measured {
  /** Requests. */
  readonly perSecond: number;
  /** Part of the prompts' tokens that was found in caches. */
  readonly cached: number;
}

async function measure(router: keyof typeof ROUTERS): Promise<Measured> {
  const children = REPLICAS.map(startReplica);
  await Promise.all(REPLICAS.map((port) => untilOk(`http://127.0.0.1:${port}/ready`)));
  children.push(ROUTERS[router]());
  await untilOk(`http://127.0.0.1:${PROXY}/health`);
  let next = 0;
  let numCached = 0;
  let numTokens = 0;
  const started = performance.now();
  const client = async (): Promise<void> => {
    while (next < NUM_CONVERSATIONS) {
      const i = next++;
      const messages: Message[] = [{ role: 'system', content: instructions(i) }];
      for (let turn = 0; turn < NUM_TURNS; turn++) {
        messages.push({ role: 'user', content: `What does article ${turn} cost?` });
        const { said, ...counts } = await ask(messages);
        messages.push(said);
        numCached += counts.numCached;
        numTokens += counts.numTokens;
      }
    }
  };
  await Promise.all(Array.from({ length: NUM_CLIENTS }, client));
  const seconds = (performance.now() - started) / 1000;
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(children.map((child) => new Promise((resolve) => child.once('exit', resolve))));
  return { perSecond: (NUM_CONVERSATIONS * NUM_TURNS) / seconds, cached: numCached / numTokens };
}

for (let pair = 0; pair < Number(pairs); pair++) {
  const isFirst = pair % 2 === 0;
  const early = isFirst ? await measure('round robin') : undefined;
  const fast = await measure('cache aware');
  const slow = early ?? (await measure('round robin'));
  console.log(
    `round robin ${slow.perSecond.toFixed(2)}/s (${Math.round(slow.cached * 100)} % cached), ` +
      `cache aware ${fast.perSecond.toFixed(2)}/s (${Math.round(fast.cached * 100)} %): ` +
      `${(fast.perSecond / slow.perSecond).toFixed(2)} times`,
  );
}
