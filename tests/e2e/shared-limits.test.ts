import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KeyLimits } from '../../src/access/principal.ts';
import { bearer, KeyFile } from '../support/keys.ts';
import { urlOf, useServices, type ServiceProcess } from '../support/process.ts';
import { NO_REDIS, RedisServer } from '../support/redis.ts';
import { metric, until } from '../support/service.ts';
import { sseData } from '../support/sse.ts';

/** Two services over one Redis, which is real and dies. */

interface Replica extends ServiceProcess {
  url: string;
}

const LOST = 'Redis is out of reach';
const BACK = 'counted in Redis again';

let redis: RedisServer;
let file: KeyFile;

beforeEach(async ({ skip }) => {
  skip(NO_REDIS !== undefined, NO_REDIS);
  redis = await RedisServer.start();
  file = new KeyFile();
});
afterEach(async () => {
  if (NO_REDIS !== undefined) return;
  await redis[Symbol.asyncDispose]();
  file[Symbol.dispose]();
});

/** Its services end before Redis does: hooks run in the reverse order. */
const spawn = useServices();

async function startTwo(environment: Record<string, string> = {}): Promise<[Replica, Replica]> {
  const services = [0, 1].map(() => spawn({ KEYS_FILE: file.path, REDIS_URL: redis.url, ...environment }));
  const [one, other] = await Promise.all(
    services.map(async (service): Promise<Replica> => ({ ...service, url: await urlOf(service) })),
  );
  return [one!, other!];
}

const create = (name: string, limits: KeyLimits): Promise<string> => file.create(name, { limits });

const complete = (url: string, key: string, more: object = {}): Promise<Response> =>
  fetch(`${url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(key) },
    body: JSON.stringify({ prompt: 'The river', max_tokens: 2, temperature: 0, ignore_eos: true, ...more }),
  });

/** As many requests to both in turns, so many at a time: how often each status came. */
async function load(replicas: readonly Replica[], key: string, number: number): Promise<Map<number, number>> {
  const statuses = new Map<number, number>();
  let numSent = 0;
  const send = async (): Promise<void> => {
    while (numSent < number) {
      const { url } = replicas[numSent++ % replicas.length]!;
      const response = await complete(url, key);
      await response.arrayBuffer();
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 8 }, send));
  return statuses;
}

const timesIn = (text: string, part: string): number => text.split(part).length - 1;

describe('two services over one Redis', () => {
  it("share a key's requests, tokens and slots to the last one", async () => {
    const keys = {
      requests: await create('requests', { requestsPerMinute: 17 }),
      // A request of this load is 6 tokens.
      tokens: await create('tokens', { tokensPerMinute: 6 * 9 + 5 }),
      concurrency: await create('concurrency', { concurrency: 3 }),
    };
    const replicas = await startTwo({ RUNTIME: 'cpu' });
    const [one, other] = replicas;
    expect(await load(replicas, keys.requests, 60)).toEqual(
      new Map([
        [200, 17],
        [429, 43],
      ]),
    );
    expect((await load(replicas, keys.tokens, 40)).get(200)).toBe(9);

    // Streams that go on until they are cancelled.
    const stream = { stream: true, max_tokens: 120 };
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => complete(replicas[i % 2]!.url, keys.concurrency, stream)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
    for (const answer of answers) await answer.body?.cancel();
    await until(async () => (await complete(other.url, keys.concurrency)).status === 200);
    expect(await metric(one.url, 'tokenflare_limits_shared')).toBe(1);
    expect(one.stdout()).not.toContain(LOST);
  });

  it('give back at the end what a request did not need', async () => {
    const key = await create('settles', { tokensPerMinute: 200 });
    const [one, other] = await startTwo();
    const answer = await complete(one.url, key, { max_tokens: 100, stop: ['e'] });
    const { usage } = (await answer.json()) as { usage: { total_tokens: number } };
    expect(answer.headers.get('x-ratelimit-remaining-tokens')).toBe('96');
    expect(usage.total_tokens).toBeLessThan(104);
    const remaining = async (): Promise<string | null> =>
      (await fetch(`${other.url}/v1/requests/x`, { headers: bearer(key) })).headers.get(
        'x-ratelimit-remaining-tokens',
      );
    await until(async () => (await remaining()) === String(200 - usage.total_tokens));
  });
});

describe('Redis that dies in mid-load', () => {
  it('local: each service counts on its own, says so once, and shares again when it is back', async () => {
    const limited = await create('limited', { requestsPerMinute: 10 });
    const wide = await create('wide', {
      requestsPerMinute: 100_000,
      tokensPerMinute: 1e9,
      concurrency: 1000,
    });
    const replicas = await startTwo();
    await load(replicas, limited, 10);
    const running = load(replicas, wide, 300);
    await until(async () => (await metric(replicas[0].url, 'tokenflare_key_requests_total')) > 20);
    await redis.kill();
    expect(await running).toEqual(new Map([[200, 300]]));
    // What was counted there is out of reach: each lets as many through as the key may have.
    expect((await load(replicas, limited, 60)).get(200)).toBe(20);
    for (const { url, stdout } of replicas) {
      expect(await metric(url, 'tokenflare_limits_shared')).toBe(0);
      expect(await metric(url, 'tokenflare_limits_fallbacks_total')).toBeGreaterThan(0);
      expect(timesIn(stdout(), LOST)).toBe(1);
    }
    await redis.start();
    await until(async () => {
      const shared = replicas.map(({ url }) => metric(url, 'tokenflare_limits_shared'));
      return (await Promise.all(shared)).every((value) => value === 1);
    });
    expect((await load(replicas, limited, 30)).get(200)).toBe(10);
    for (const { stdout } of replicas) expect(timesIn(stdout(), BACK)).toBe(1);
  });

  it('refuse: keys with limits get 503, those without are served, and all are when it is back', async () => {
    const limited = await create('limited', { requestsPerMinute: 100_000 });
    const free = await create('free', {});
    const replicas = await startTwo({ LIMITS_FALLBACK: 'refuse' });
    await load(replicas, limited, 2);
    const running = load(replicas, limited, 300);
    await until(async () => (await metric(replicas[0].url, 'tokenflare_key_requests_total')) > 20);
    await redis.kill();
    const statuses = await running;
    expect([...statuses.keys()].toSorted()).toEqual([200, 503]);
    const refused = await complete(replicas[1].url, limited);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await refused.json()).toMatchObject({ error: { code: 'limits_unavailable' } });
    expect(await load(replicas, free, 20)).toEqual(new Map([[200, 20]]));
    await redis.start();
    await until(async () => (await complete(replicas[0].url, limited)).status === 200);
  });

  it('answers every request while Redis keeps its connections and says nothing', async () => {
    const key = await create('alice', {
      requestsPerMinute: 100_000,
      concurrency: 1000,
      tokensPerMinute: 1e9,
    });
    const replicas = await startTwo();
    const stream = await complete(replicas[0].url, key, { stream: true, max_tokens: 50 });
    redis.freeze();
    expect(await load(replicas, key, 100)).toEqual(new Map([[200, 100]]));
    let last = '';
    for await (const data of sseData(stream)) last = data;
    expect(last).toBe('[DONE]');
    redis.thaw();
    await until(async () => (await metric(replicas[0].url, 'tokenflare_limits_shared')) === 1);
    for (const { child, exited } of replicas) {
      child.kill('SIGTERM');
      expect(await exited).toBe(0);
    }
  });
});
