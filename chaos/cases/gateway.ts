import type { ChaosCase } from '../chaos-case.ts';
import type { Scene } from '../scene.ts';
import { expectStatus, times } from '../support/attack.ts';
import type { Answer, Client } from '../support/client.ts';

/** What gateways keep of clients, and how often they ask. */

const GATEWAY = '/gateway/a/b';
const LOGS = '/client/v4/accounts/a/ai-gateway/gateways/b/logs';
const VICTIM = '127.0.0.3';
const LIMIT_MS = 60_000;
/**
 * The cache with what malloc holds between its answers 96 MiB, the memory of SQLite 80, the heap of the thread that has it
 * 72, what malloc holds for the other threads 40. Six attacks in a row grow no more.
 */
const KEPT_BYTES = 288 * 2 ** 20;
/** Objects of bodies that were let go, until V8 collects them. */
const GARBAGE_BYTES = 128 * 2 ** 20;
const CHAT = { messages: [{ role: 'user', content: 'Hello' }], max_tokens: 4 };

const chat = (client: Client): Promise<Answer> =>
  client.post(`${GATEWAY}/openai/chat/completions`, CHAT, {
    limitMs: LIMIT_MS,
    headers: { 'cf-aig-cache-ttl': '3600' },
  });

/** Calls from one address, by twenty keys that it invented. */
async function attack(
  scene: Scene,
  count: number,
  call: (client: Client, index: number) => Promise<Answer>,
): Promise<Answer[]> {
  const attackers = Array.from({ length: 20 }, (_, index) =>
    scene.client('127.0.0.1', { authorization: `Bearer invented-${index}` }),
  );
  const answers: Answer[] = [];
  let next = 0;
  await times(attackers.length, async (index) => {
    const attacker = attackers[index];
    while (attacker !== undefined && next < count) answers.push(await call(attacker, next++));
    attacker?.close();
  });
  return answers;
}

/** Cached answers of some 250 KB, and logs of some 16 KB: both more than there is room for, many times over in the long form. */
async function fill(scene: Scene): Promise<void> {
  const victim = scene.client(VICTIM);
  const first = await chat(victim);
  expectStatus(scene, [first], [200], "the victim's request");
  const input = Array.from({ length: 32 }, (_, index) => `text ${index}`);
  const large = await attack(scene, scene.scaled(350), (client, index) =>
    client.post(
      `${GATEWAY}/openai/embeddings`,
      { input },
      {
        limitMs: LIMIT_MS,
        headers: { 'cf-aig-cache-key': `a-key-${index}` },
      },
    ),
  );
  expectStatus(scene, large, [200, 429], 'answers that are to be kept');
  const logged = await attack(scene, scene.scaled(4200), (client) =>
    client.post(
      `${GATEWAY}/openai/chat/completions`,
      { unknown: 'x'.repeat(20_000) },
      {
        limitMs: LIMIT_MS,
        headers: { 'cf-aig-collect-log': 'true' },
      },
    ),
  );
  expectStatus(scene, logged, [400], 'requests that are logged');
  const again = await chat(victim);
  scene.expect(again.headers['cf-aig-cache-status'] === 'HIT', "the victim's answer has left the cache");
  const log = await victim.get(`${LOGS}/${first.headers['cf-aig-log-id'] ?? ''}`, { limitMs: LIMIT_MS });
  expectStatus(scene, [log], [200], "the victim's log");
}

/** Each list has 16 requests of five attempts, of which four are given up at once. Half of their clients go. */
async function manyAttempts(scene: Scene): Promise<void> {
  const client = scene.client();
  const headers = {
    'cf-aig-request-timeout': '1',
    'cf-aig-max-attempts': '5',
    'cf-aig-retry-delay': '1',
    'cf-aig-backoff': 'exponential',
  };
  const step = {
    provider: 'openai',
    endpoint: 'chat/completions',
    headers: {},
    query: { ...CHAT, model: 'nobody' },
  };
  const late = { ...step, query: { ...CHAT, max_tokens: 200, stream: true } };
  const list = [...new Array<object>(8).fill(step), ...new Array<object>(8).fill(late)];
  const answers = await times(scene.scaled(48), (index) =>
    client.post(GATEWAY, list, {
      headers,
      limitMs: LIMIT_MS,
      ...(index % 2 === 0 ? {} : { hangUpAfterMs: 500 }),
    }),
  );
  const whole = answers.filter((_, index) => index % 2 === 0);
  expectStatus(scene, whole, [200, 429, 504], 'lists of requests');
}

/** Each body has 65,000 names, which take 10 MB as objects, and waits for its next attempt. Their clients go before that comes. */
async function sleepingAttempts(scene: Scene): Promise<void> {
  const client = scene.client();
  const names = Object.fromEntries(Array.from({ length: 65_000 }, (_, index) => [`n${index}`, 1]));
  const step = { provider: 'openai', endpoint: 'chat/completions', headers: {} };
  const list = [
    { ...step, query: { ...CHAT, max_tokens: 200, stream: true } },
    { ...step, query: names },
  ];
  const answers = await times(scene.scaled(300), () =>
    client.post(GATEWAY, list, {
      headers: {
        'cf-aig-request-timeout': '1',
        'cf-aig-max-attempts': '5',
        'cf-aig-retry-delay': '5000',
        'cf-aig-backoff': 'exponential',
      },
      limitMs: LIMIT_MS,
      hangUpAfterMs: 10_000,
    }),
  );
  const refused = answers.filter(({ status }) => status !== 0);
  expectStatus(scene, refused, [429, 503], 'requests that wait');
}

export const GATEWAY_CASES: readonly ChaosCase[] = [
  {
    name: 'gateway-fill',
    shows: ['gateway'],
    attack:
      '20 invented keys of one address fill the cache with 350 answers of 250 KB and the logs with 4,200 texts; another address has an answer and a log there',
    keepsBytes: KEPT_BYTES,
    run: fill,
  },
  {
    name: 'gateway-retries',
    shows: ['gateway'],
    attack:
      '48 lists of 16 requests with five attempts each, four of which are given up after 1 ms; half of the clients go',
    run: manyAttempts,
  },
  {
    name: 'sleeping-attempts',
    shows: ['gateway'],
    attack:
      '300 connections of one address hold bodies of 65,000 names, 10 MB each in memory, while they wait for another attempt',
    moreBytes: GARBAGE_BYTES,
    run: sleepingAttempts,
  },
];
