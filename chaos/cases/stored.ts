import type { ChaosCase } from '../chaos-case.ts';
import type { Scene } from '../scene.ts';
import { expectStatus, times } from '../support/attack.ts';
import { parseJson } from '../fuzz/fuzz-script.ts';
import type { Answer, Client } from '../support/client.ts';

/** What is kept for a client between its requests: responses and their items. */

const RESPONSES = '/v1/responses';
const VICTIM = '127.0.0.3';
const USER = { role: 'user', content: 'Go on' };
const LIMIT_MS = 30_000;
/** Items of one answer of a list. */
const PAGE = 100;
/** A client's references are refused beyond what a body may hold. */
const TAKEN = [200, 400, 413, 429];

const respond = (client: Client, input: unknown, fields: object = {}): Promise<Answer> =>
  client.post(
    RESPONSES,
    { input, max_output_tokens: 1, truncation: 'auto', ...fields },
    { limitMs: LIMIT_MS },
  );

const idOf = ({ text }: Answer): string => (parseJson(text) as { id?: string } | undefined)?.id ?? 'none';

async function itemIds(client: Client, responseId: string, after?: string): Promise<string[]> {
  const from = after === undefined ? '' : `&after=${after}`;
  const { text } = await client.get(`${RESPONSES}/${responseId}/input_items?order=asc&limit=${PAGE}${from}`);
  const { data = [] } = (parseJson(text) ?? {}) as { data?: { id: string }[] };
  return data.map(({ id }) => id);
}

const referencesTo = (ids: readonly string[], count: number): object[] =>
  Array.from({ length: count }, (_, index) => ({
    type: 'item_reference',
    id: ids[index % ids.length] ?? 'none',
  }));

/** Stores an item, then names it so often, twice. What is longer than the context is cut. */
async function namedOften(
  scene: Scene,
  items: object[],
  { index, count }: { index: number; count: number },
): Promise<void> {
  const client = scene.client();
  let stored = await respond(client, [...items, USER]);
  // The template has a limit of time, which a busy machine misses.
  for (let tries = 1; stored.status === 500 && tries < 4; tries++)
    stored = await respond(client, [...items, USER]);
  expectStatus(scene, [stored], [200], 'a response that is stored');
  const id = (await itemIds(client, idOf(stored)))[index] ?? 'none';
  for (const share of [0.5, 1]) {
    const input = [...referencesTo([id], Math.round(count * share)), USER];
    expectStatus(scene, [await respond(client, input)], TAKEN, `${input.length - 1} references`);
  }
}

const largeArguments = (): object[] => [
  { type: 'function_call', call_id: 'c', name: 'f', arguments: `{"a":[${'1,'.repeat(450_000)}1]}` },
  { type: 'function_call_output', call_id: 'c', output: '5' },
];

async function allItemIds(client: Client, responseId: string): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const page = await itemIds(client, responseId, ids.at(-1));
    ids.push(...page);
    if (page.length < PAGE) return ids;
  }
}

/** All items belong to one response, so that a search among a response's items would look at each of them. */
async function manyItems(scene: Scene): Promise<void> {
  const client = scene.client();
  const items = Array.from({ length: 4000 }, () => ({ role: 'user', content: '' }));
  const stored = await respond(client, [...items, USER]);
  expectStatus(scene, [stored], [200], 'a response of 4,000 items');
  const ids = await allItemIds(client, idOf(stored));
  scene.expect(ids.length > 4000, `the response has ${ids.length} items`);
  const input = [...referencesTo(ids, 4000), USER];
  for (let round = 0; round < scene.scaled(1); round++)
    expectStatus(
      scene,
      // What is kept has cases of its own.
      await times(8, () => respond(client, input, { store: false })),
      TAKEN,
      '4,000 references to as many items',
    );
}

const thought = (text: string): object => ({
  type: 'reasoning',
  summary: [],
  content: [{ type: 'reasoning_text', text }],
});

/** What one client keeps must stay, however many owners another address invents, each of which keeps less. */
async function keptBeside(scene: Scene, count: number, length: number): Promise<void> {
  const victim = scene.client(VICTIM);
  const kept: Answer[] = [];
  for (let index = 0; index < 5; index++)
    kept.push(await respond(victim, [thought('y'.repeat(length + 1000)), USER]));
  expectStatus(scene, kept, [200], "the victim's responses");
  const item = thought('x'.repeat(length));
  const atOnce = length > 1000 ? 4 : 24;
  let next = 0;
  await times(atOnce, async () => {
    while (next < count) {
      const attacker = scene.client('127.0.0.1', { authorization: `Bearer invented-${next++}` });
      expectStatus(scene, [await respond(attacker, [item, USER])], TAKEN, 'a response of an invented key');
      attacker.close();
    }
  });
  const found = await Promise.all(kept.map((answer) => victim.get(`${RESPONSES}/${idOf(answer)}`)));
  expectStatus(scene, found, [200], "the victim's stored responses afterwards");
}

export const STORED_CASES: readonly ChaosCase[] = [
  {
    name: 'reference-arguments',
    shows: ['responses'],
    attack: 'a stored call with 900 KB of arguments, named 300 and 600 times in a body of 27 KB',
    run: (scene) => namedOften(scene, largeArguments(), { index: 0, count: 600 }),
  },
  {
    name: 'reference-texts',
    shows: ['responses'],
    attack: 'a stored text of 900 KB, named 2,000 and 4,000 times',
    run: (scene) => namedOften(scene, [thought('x'.repeat(900_000))], { index: 0, count: 4000 }),
  },
  {
    name: 'reference-items',
    shows: ['responses'],
    attack: '4,000 references into 4,000 stored items on 8 connections',
    isFirst: true,
    run: manyItems,
  },
  {
    name: 'invented-keys-large',
    shows: ['responses'],
    attack: '80 invented keys of one address store 850 KB each; another address has 5 responses stored',
    run: (scene) => keptBeside(scene, 80, 850_000),
  },
  {
    name: 'invented-keys-small',
    shows: ['consumption'],
    attack: '4,300 invented keys of one address store a response each; another address has 5 stored',
    run: (scene) => keptBeside(scene, 4300, 1),
  },
];
