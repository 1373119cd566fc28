import type { ChaosCase } from '../chaos-case.ts';
import type { Scene } from '../scene.ts';
import { expectStatus, nestedObject, times } from '../support/attack.ts';
import { isAlive } from '../support/proc.ts';
import { sleep, until } from '../support/until.ts';

/** The chat template: a program of the model's, run for every client. */

const CHAT = '/v1/chat/completions';
const hello = (content = 'hello'): object => ({
  messages: [{ role: 'user', content }],
  max_tokens: 4,
});

/** Depths that a template can render, around what V8's stack holds, and far beyond; each with its status. */
const DEPTHS = [
  [60, 200],
  [4000, 400],
  [100_000, 400],
] as const;

async function deepArguments(scene: Scene): Promise<void> {
  const client = scene.client();
  const innocent = scene.client('127.0.0.3');
  for (const [depth, status] of DEPTHS) {
    const call = { id: '1', type: 'function', function: { name: 'f', arguments: nestedObject(depth) } };
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: null, tool_calls: [call] },
    ];
    const answer = await client.post(CHAT, { messages, max_tokens: 2 }, { limitMs: 10_000 });
    expectStatus(scene, [answer], [status], `arguments nested ${depth} deep`);
    expectStatus(scene, [await innocent.post(CHAT, hello(), { limitMs: 10_000 })], [200], 'the next chat');
  }
}

async function slowTemplates(scene: Scene): Promise<void> {
  const client = scene.client();
  const innocent = scene.client('127.0.0.3');
  expectStatus(scene, [await innocent.post(CHAT, hello())], [200], 'a chat before');
  let slowestMs = 0;
  for (let round = 0; round < scene.scaled(1); round++) {
    const attack = times(200, () => client.post(CHAT, hello('slow'), { hangUpAfterMs: 6000 }));
    await sleep(300);
    const honest = await innocent.post(CHAT, { ...hello(), timeout_ms: 5000 }, { limitMs: 15_000 });
    expectStatus(scene, [honest], [200], 'an honest chat beside 200 slow ones');
    slowestMs = Math.max(slowestMs, honest.ms);
    await attack;
  }
  scene.notes.push(`an honest chat beside them ${Math.round(slowestMs)} ms`);
}

async function endlessTemplate(scene: Scene): Promise<void> {
  const client = scene.client();
  const innocent = scene.client('127.0.0.3');
  const attack = times(2, () => client.post(CHAT, hello('for ever'), { limitMs: 30_000 }));
  await sleep(200);
  const honest = await innocent.post(CHAT, { ...hello(), timeout_ms: 10_000 }, { limitMs: 20_000 });
  expectStatus(scene, [honest], [200], 'an honest chat beside endless ones');
  expectStatus(scene, await attack, [400, 429, 500, 504], 'an endless template');
}

/** A signal to every process that runs templates or tokenizers, if they are processes. */
function signalTextWorkers(scene: Scene, signal: NodeJS.Signals): number[] {
  const pids = scene.service.textWorkerPids();
  if (pids.length === 0) scene.skip('templates run in no process of their own');
  for (const pid of pids) process.kill(pid, signal);
  return pids;
}

async function stoppedWorker(scene: Scene): Promise<void> {
  const client = scene.client();
  expectStatus(scene, [await client.post(CHAT, hello())], [200], 'a chat before');
  for (let i = 0; i < 2; i++) {
    const stopped = signalTextWorkers(scene, 'SIGSTOP');
    const first = await client.post(CHAT, { ...hello(), timeout_ms: 8000 }, { limitMs: 15_000 });
    expectStatus(scene, [first], [200, 408, 500, 504], 'a chat at a stopped worker');
    scene.expect(
      first.ms < 12_000,
      `a chat at a stopped worker was answered after ${Math.round(first.ms)} ms`,
    );
    const next = await client.post(CHAT, hello(), { limitMs: 15_000 });
    expectStatus(scene, [next], [200], 'the chat after it');
    // One that nothing was asked of is not missed.
    for (const pid of stopped) if (isAlive(pid)) process.kill(pid, 'SIGCONT');
  }
}

async function killedWorker(scene: Scene): Promise<void> {
  const client = scene.client();
  expectStatus(scene, [await client.post(CHAT, hello())], [200], 'a chat before');
  for (let i = 0; i < 3; i++) {
    const chats = times(4, () => client.post(CHAT, hello('slow'), { limitMs: 30_000 }));
    await sleep(200);
    signalTextWorkers(scene, 'SIGKILL');
    expectStatus(scene, await chats, [200, 500, 503], 'a chat whose worker is killed');
    expectStatus(scene, [await client.post(CHAT, hello())], [200], 'the chat after it');
  }
}

async function stoppedBeforeReady(scene: Scene): Promise<void> {
  if (scene.scale <= 1) scene.skip('it takes half a minute: only in the long form');
  const client = scene.client();
  const before = new Set(scene.service.textWorkerPids());
  const first = client.post(CHAT, { ...hello(), timeout_ms: 6000 }, { limitMs: 20_000 });
  const started = (): number[] => scene.service.textWorkerPids().filter((pid) => !before.has(pid));
  await until(() => started().length > 0, 1000, 1);
  const stopped = started();
  for (const pid of stopped) process.kill(pid, 'SIGSTOP');
  const answer = await first;
  expectStatus(scene, [answer], [200, 408, 500, 504], 'a chat whose worker stops before it is ready');
  scene.expect(answer.ms < 12_000, `timeout_ms 6000 was kept after ${Math.round(answer.ms)} ms`);
  const isBack = await until(
    async () => (await client.post(CHAT, hello(), { limitMs: 15_000 })).status === 200,
    40_000,
  );
  scene.expect(isBack, 'chats do not come back');
  scene.notes.push(`${stopped.length} stopped, the first chat answered ${answer.status}`);
}

export const CHAT_CASES: readonly ChaosCase[] = [
  {
    name: 'deep-arguments-first',
    shows: ['tools', 'template-wedges'],
    attack: 'tool-call arguments nested up to 100,000 deep, as the first chat of a service',
    isFirst: true,
    run: deepArguments,
  },
  {
    name: 'deep-arguments-later',
    shows: ['tools', 'template-wedges'],
    attack: 'the same when chats have been rendered',
    run: async (scene) => {
      expectStatus(scene, [await scene.client().post(CHAT, hello())], [200], 'a chat before');
      await deepArguments(scene);
    },
  },
  {
    name: 'slow-templates',
    shows: ['template-wedges'],
    attack: '200 chats whose template takes half a second',
    run: slowTemplates,
  },
  {
    name: 'endless-template',
    shows: ['template-wedges'],
    attack: '2 chats whose template does not end',
    run: endlessTemplate,
  },
  {
    name: 'worker-stopped',
    shows: ['tokens', 'template-wedges'],
    attack: 'SIGSTOP to the workers of templates, twice',
    run: stoppedWorker,
  },
  {
    name: 'worker-killed',
    shows: ['tokens', 'template-wedges'],
    attack: 'SIGKILL to them in the middle of chats, 3 times',
    run: killedWorker,
  },
  {
    name: 'worker-stopped-early',
    shows: ['template-wedges'],
    attack: 'SIGSTOP to a worker before it is ready',
    isFirst: true,
    run: stoppedBeforeReady,
  },
];
