import { join } from 'node:path';
import type { ChaosCase } from '../chaos-case.ts';
import type { Scene } from '../scene.ts';
import { expectStatus, times } from '../support/attack.ts';
import type { Answer, Client } from '../support/client.ts';
import type { Fixtures } from '../support/fixtures.ts';
import type { LaunchOptions } from '../support/service.ts';

/** Descriptions of tools, which the service reads for the template and for the grammar of a call. */

const CHAT = '/v1/chat/completions';
const LIMIT_MS = 30_000;
const HONEST = '127.0.0.3';
const HONEST_MS = 1500;

const asModel =
  (family: string) =>
  async (fixtures: Fixtures): Promise<LaunchOptions> => ({
    settings: { MODEL: join(await fixtures.familyModels([family]), family) },
  });

const withTools = (client: Client, tools: readonly object[], fields: object = {}): Promise<Answer> =>
  client.post(
    CHAT,
    { messages: [{ role: 'user', content: 'Go' }], max_tokens: 60, tools, ...fields },
    { limitMs: LIMIT_MS },
  );

const toolOf = (name: string, parameters: object): object => ({
  type: 'function',
  function: { name, parameters },
});

const refs = (count: number, to: string): object[] => Array.from({ length: count }, () => ({ $ref: to }));

async function selfReferring(scene: Scene, parameters: object): Promise<void> {
  const client = scene.client();
  for (const tool_choice of ['auto', 'required']) {
    const answer = await withTools(client, [toolOf('f', parameters)], { tool_choice });
    expectStatus(scene, [answer], [200, 400], `a tool that refers to itself, tool_choice ${tool_choice}`);
  }
}

/** Ten properties, each of which may be any of them. */
const tenProperties = (): object => ({
  type: 'object',
  properties: Object.fromEntries(
    Array.from({ length: 10 }, (_, i) => [`p${i}`, { type: 'object', $ref: '#' }]),
  ),
});

async function largeTools(scene: Scene): Promise<void> {
  const client = scene.client();
  const honest = scene.client(HONEST);
  const choices = Array.from({ length: 100 }, (_, i) => `${i}`);
  const properties = Object.fromEntries(choices.map((i) => [`p${i}`, { type: 'string', enum: choices }]));
  const tools = Array.from({ length: 16 }, (_, i) => toolOf(`f${i}`, { type: 'object', properties }));
  const over = new AbortController();
  const attack = times(4, async () => {
    for (let round = 0; round < scene.scaled(3); round++) {
      expectStatus(scene, [await withTools(client, tools)], [200, 400, 413, 429], '800 KB of tools');
    }
  }).finally(() => over.abort());
  const honestChats: Answer[] = [];
  while (!over.signal.aborted) {
    const body = { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 2, timeout_ms: HONEST_MS };
    honestChats.push(await honest.post(CHAT, body, { limitMs: LIMIT_MS }));
  }
  await attack;
  scene.notes.push(`honest chats within ${Math.round(Math.max(...honestChats.map(({ ms }) => ms)))} ms`);
  expectStatus(scene, honestChats, [200], 'an honest chat beside them');
}

export const TOOL_CASES: readonly ChaosCase[] = [
  {
    name: 'tool-any-of-itself',
    shows: ['tools'],
    attack: 'a tool whose parameter refers to itself 400 times in anyOf',
    launch: asModel('qwen3-coder'),
    run: (scene) =>
      selfReferring(scene, { type: 'object', properties: { p: { anyOf: refs(400, '#/properties/p') } } }),
  },
  {
    name: 'tool-literal-arguments',
    shows: ['tools'],
    attack: 'a tool of ten properties that refer to the whole, to a model that writes calls as Gemma does',
    launch: asModel('function-gemma'),
    run: (scene) => selfReferring(scene, tenProperties()),
  },
  {
    name: 'large-tools',
    shows: ['tools'],
    attack:
      '800 KB of tools on four connections to a template that walks through them, beside short chats of another client',
    launch: asModel('function-gemma'),
    run: largeTools,
  },
];
