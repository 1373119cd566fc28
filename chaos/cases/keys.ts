import { randomBytes } from 'node:crypto';
import type { ChaosCase } from '../chaos-case.ts';
import type { Scene } from '../scene.ts';
import { expectStatus, times } from '../support/attack.ts';
import type { Answer } from '../support/client.ts';
import type { Fixtures } from '../support/fixtures.ts';
import { readMetricsText } from '../support/metrics.ts';
import { commandLine, treeOf } from '../support/proc.ts';
import { hasRedis } from '../support/redis.ts';
import type { LaunchOptions } from '../support/service.ts';
import { sleep } from '../support/until.ts';

/** API keys, and the limits that replicas count together in Redis. */

const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
const observerHeaders = (fixtures: Fixtures): Record<string, string> => bearer(fixtures.key('observer'));
const BODY = { prompt: 'a', max_tokens: 2 };

function withKeys(fixtures: Fixtures): LaunchOptions {
  fixtures.key('observer');
  return { settings: { KEYS_FILE: fixtures.keysFile } };
}

async function wrongKeys(scene: Scene): Promise<void> {
  const good = scene.fixtures.key('observer');
  const client = scene.client();
  // Of the form of a good one: only what is secret differs.
  const wrong = (): string => good.slice(0, -43) + randomBytes(32).toString('base64url');
  const count = Math.min(scene.scaled(2000), 10_000);
  let last = '';
  for (let at = 0; at < count; at += 100) {
    const answers = await times(100, async (index) => {
      const key = index % 10 === 0 ? good.slice(0, -1) : wrong();
      const headers = index % 2 === 0 ? bearer(key) : { 'x-api-key': key };
      const answer = await client.post('/v1/completions', BODY, { headers });
      const said = answer.text + JSON.stringify(answer.headers);
      scene.expect(!said.includes(key), 'an answer has the key in it');
      last = key;
      return answer;
    });
    expectStatus(scene, answers, [401], 'a wrong key');
  }
  expectStatus(scene, [await client.post('/v1/completions', BODY)], [401], 'no key');
  const metrics = (await readMetricsText(scene.client('127.0.0.4', observerHeaders(scene.fixtures)))) ?? '';
  const seen = [
    scene.service.stdout(),
    scene.service.stderr(),
    metrics,
    ...treeOf(scene.service.pid).map(commandLine),
  ];
  scene.expect(
    !seen.some((text) => text.includes(good)),
    'a key is in the log, the metrics or the process list',
  );
  scene.expect(!seen.some((text) => text.includes(last)), 'a wrong key is in the log or the metrics');
  scene.notes.push(`${count} wrong keys`);
}

async function withRedis(fixtures: Fixtures, fallback: string): Promise<LaunchOptions> {
  const { settings } = withKeys(fixtures);
  fixtures.key('limited', ['--requests-per-minute', '100000', '--tokens-per-minute', '1000000']);
  if (!hasRedis()) return { settings: settings ?? {} };
  await fixtures.redis.start();
  return { settings: { ...settings, REDIS_URL: fixtures.redis.url, LIMITS_FALLBACK: fallback } };
}

/** Redis is killed, stands still, and comes back while a limited key is in use. */
const redisGone =
  (expected: readonly number[]) =>
  async (scene: Scene): Promise<void> => {
    const { redis } = scene.fixtures;
    if (!hasRedis()) {
      if (process.env['TEST_REDIS'] === 'required')
        throw new Error('TEST_REDIS=required, and there is no redis-server');
      scene.skip('there is no redis-server');
    }
    const client = scene.client('127.0.0.1', bearer(scene.fixtures.key('limited')));
    expectStatus(scene, [await client.post('/v1/completions', BODY)], [200], 'a limited key before');
    const answers: Answer[] = [];
    let isOver = false;
    const load = times(8, async () => {
      while (!isOver) {
        const answer = await client.post('/v1/completions', BODY, { limitMs: 10_000 });
        answers.push(answer);
        if (answer.status !== 200) await sleep(50);
      }
    });
    await sleep(700);
    await redis.kill();
    await sleep(1200);
    await redis.start();
    await sleep(700);
    redis.pause();
    await sleep(1200);
    await redis.kill();
    await redis.start();
    await sleep(1300);
    isOver = true;
    await load;
    expectStatus(scene, answers, expected, 'a limited key while Redis is gone');
    const slowest = Math.max(...answers.map(({ ms }) => ms));
    scene.notes.push(`${answers.length} requests, the slowest ${Math.round(slowest)} ms`);
    expectStatus(
      scene,
      [await client.post('/v1/completions', BODY)],
      [200],
      'a limited key when Redis is back',
    );
    await redis.kill();
  };

export const KEY_CASES: readonly ChaosCase[] = [
  {
    name: 'wrong-keys',
    shows: ['keys', 'misconfiguration'],
    attack: 'wrong keys of the right form, one character short, and none',
    launch: withKeys,
    observerHeaders,
    run: wrongKeys,
  },
  {
    name: 'redis-gone-local',
    shows: ['limits'],
    attack: 'Redis killed, back, stopped, back under load, LIMITS_FALLBACK=local',
    launch: (fixtures) => withRedis(fixtures, 'local'),
    observerHeaders,
    run: redisGone([200, 429]),
  },
  {
    name: 'redis-gone-refuse',
    shows: ['limits'],
    attack: 'the same, LIMITS_FALLBACK=refuse',
    launch: (fixtures) => withRedis(fixtures, 'refuse'),
    observerHeaders,
    run: redisGone([200, 429, 503]),
  },
];
