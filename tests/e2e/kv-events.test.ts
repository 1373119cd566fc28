import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { KvEventLog } from '../../src/engine/worker/kv-event-log.ts';
import { KvEventPublisher } from '../../src/kv-events/kv-event-publisher.ts';
import { GREETING, READY } from '../../src/kv-events/zmtp.ts';
import { PAGE_TOKENS } from '../../src/pages.ts';
import { PageCache } from '../../src/scheduler/pages/page-cache.ts';
import type { PageHolder } from '../../src/scheduler/pages/page-holder.ts';
import { decodeKvEvents, heldBlocks, KvEventSubscriber } from '../support/kv-events.ts';
import { EMBEDDED_MODEL, metric, startTestService, until } from '../support/service.ts';
import { installTelemetryPython } from '../support/telemetry-python.ts';

/** Events of the prefix cache, read by ZeroMQ's own library and vLLM's types. */

let found: Awaited<ReturnType<typeof installTelemetryPython>>;
beforeAll(async () => {
  found = await installTelemetryPython();
}, 300_000);

function pythonOr(skip: (reason: string) => void): string {
  if ('path' in found) return found.path;
  skip(found.reason);
  throw new Error(found.reason);
}

const tokens = (count: number, start = 0): number[] => Array.from({ length: count }, (_, i) => start + i);

function compute(cache: PageCache, tokenIds: readonly number[], salt?: string): PageHolder | undefined {
  const match = cache.find(tokenIds, tokenIds.length - 1, salt);
  if (cache.numPagesFor(tokenIds.length, match) > cache.numFree) return undefined;
  const { holder } = cache.take(match, salt);
  cache.grow(holder, tokenIds.length);
  cache.record(holder, tokenIds, tokenIds.length);
  return holder;
}

/** Payloads of a cache with a log, after each of some requests. */
function payloadsOf(cache: PageCache, work: (() => void)[]): Uint8Array[] {
  const log = new KvEventLog(() => 1_796_025_600_500);
  cache.watch(log);
  return work.map((step) => {
    step();
    return log.take().payload;
  });
}

describe('events', () => {
  it('are those of vLLM: whole pages as blocks, with their parent and the salt of the first', ({ skip }) => {
    const cache = new PageCache({ numPages: 8, prefixCache: true });
    const tokenIds = [...tokens(130), 300, 70_000];
    const [first, second, third] = decodeKvEvents(
      pythonOr(skip),
      payloadsOf(cache, [
        () => compute(cache, tokenIds),
        () => compute(cache, [...tokens(64), ...tokens(64, 500)]),
        () => compute(cache, tokens(64), 'salt'),
      ]),
    );
    expect(first).toMatchObject({ ts: 1_796_025_600.5, data_parallel_rank: 0 });
    expect(first?.events[0]).toEqual({ type: 'AllBlocksCleared' });
    const [, stored] = first?.events ?? [];
    expect(stored).toEqual({
      type: 'BlockStored',
      block_hashes: [expect.any(String), expect.any(String)],
      parent_block_hash: null,
      token_ids: tokens(128),
      block_size: PAGE_TOKENS,
      lora_id: null,
      medium: null,
      lora_name: null,
      extra_keys: null,
    });
    if (stored?.type !== 'BlockStored') throw new Error('a block is stored');
    expect(second?.events).toMatchObject([
      { parent_block_hash: stored.block_hashes[0], token_ids: tokens(64, 500) },
    ]);
    // The same tokens of another salt are another block, and the salt itself is not told.
    const [salted] = third?.events ?? [];
    expect(salted).toMatchObject({
      token_ids: tokens(64),
      extra_keys: [[expect.stringMatching(/^bytes [\da-f]{16}$/)]],
    });
    expect(salted).not.toMatchObject({ block_hashes: [stored.block_hashes[0]] });
    expect(JSON.stringify(third)).not.toContain('"salt"');
  });

  it('say at any time what the cache holds', ({ skip }) => {
    const python = pythonOr(skip);
    const requests = fc.array(
      fc.record({
        start: fc.integer({ min: 0, max: 3 }),
        numPages: fc.integer({ min: 1, max: 4 }),
        end: fc.integer({ min: 0, max: 2 }),
        salt: fc.constantFrom(undefined, 'a'),
        end_: fc.constantFrom('free', 'forget', 'hold'),
      }),
      { minLength: 10, maxLength: 60 },
    );
    for (const run of fc.sample(requests, { numRuns: 20, seed: 7 })) {
      const cache = new PageCache({ numPages: 9, prefixCache: true });
      const texts = run.map(({ start, numPages, end, salt }) => ({
        tokenIds: [...tokens(numPages * PAGE_TOKENS, 1000 * start), ...tokens(PAGE_TOKENS + 1, 9000 + end)],
        salt,
      }));
      const held: PageHolder[] = [];
      const payloads = payloadsOf(
        cache,
        run.map(({ end_ }, i) => () => {
          if (held.length > 2) for (const holder of held.splice(0)) cache.free(holder);
          const holder = compute(cache, texts[i]?.tokenIds ?? [], texts[i]?.salt);
          if (holder === undefined) return;
          if (end_ === 'hold') held.push(holder);
          if (end_ === 'forget') cache.forget(holder);
          if (end_ !== 'hold') cache.free(holder);
        }),
      );
      const known = [
        ...heldBlocks(decodeKvEvents(python, payloads).flatMap(({ events }) => events)).values(),
      ];
      const isKnown = (tokenIds: readonly number[]): boolean =>
        known.some((one) => String(one) === String(tokenIds));
      for (const { tokenIds, salt } of texts) {
        const match = cache.find(tokenIds, tokenIds.length, salt);
        for (const [index] of (match?.nodes ?? []).entries()) {
          expect(isKnown(tokenIds.slice(0, (index + 1) * PAGE_TOKENS))).toBe(true);
        }
      }
      // No more of them than there are pages.
      const { numUsed, numKept } = cache.counts();
      expect(known.length).toBeLessThanOrEqual(numUsed + numKept);
    }
  });
});

describe('a publisher', { timeout: 60_000 }, () => {
  const open: (() => void)[] = [];
  afterEach(() => {
    for (const close of open.splice(0)) close();
  });

  async function start(topic = 'kv@pod@{model}'): Promise<{ publisher: KvEventPublisher; port: number }> {
    const publisher = new KvEventPublisher({ mode: 'listen', host: '127.0.0.1', port: 0 }, topic);
    open.push(() => publisher.close());
    return { publisher, port: await publisher.open() };
  }

  function subscribe(python: string, port: number, topic = ''): KvEventSubscriber {
    const subscriber = new KvEventSubscriber(python, 'connect', `tcp://127.0.0.1:${port}`, topic);
    open.push(() => subscriber[Symbol.dispose]());
    return subscriber;
  }

  const batch = (numPages: number) => {
    const cache = new PageCache({ numPages, prefixCache: true });
    const [payload = new Uint8Array()] = payloadsOf(cache, [
      () => compute(cache, tokens(numPages * PAGE_TOKENS)),
    ]);
    return { payload, numEvents: 2 };
  };

  it('sends each subscriber what it asked for, in order, whatever its length', async ({ skip }) => {
    const python = pythonOr(skip);
    const { publisher, port } = await start();
    const all = subscribe(python, port, 'kv@');
    const one = subscribe(python, port, 'kv@pod@b');
    // What is sent before a subscriber is there is lost, and counted.
    while (all.batches.length === 0 || one.batches.length === 0) {
      publisher.publish('b', batch(1));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(publisher.numDropped).toBeGreaterThan(0);
    all.batches.length = 0;
    const from = one.batches.length;
    for (let i = 0; i < 20; i++) publisher.publish(i % 2 === 0 ? 'a' : 'b', batch(i === 10 ? 1000 : 1));
    await until(() => all.batches.filter(({ topic }) => topic === 'kv@pod@a').length === 10);
    const ofA = all.batches.filter(({ topic }) => topic === 'kv@pod@a');
    expect(ofA.map(({ sequence }) => sequence)).toEqual(tokens(10));
    expect(heldBlocks(ofA[5]?.events ?? []).size).toBe(1000);
    await until(() => one.batches.length >= from + 10);
    expect(one.batches.every(({ topic }) => topic === 'kv@pod@b')).toBe(true);
    const numbers = one.batches.map(({ sequence }) => sequence);
    expect(numbers).toEqual(tokens(numbers.length, numbers[0]));
  });

  async function handshake(port: number, topic = Buffer.from('kv@')): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port });
    open.push(() => socket.destroy());
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.write(GREETING);
    socket.write(Buffer.from(READY.toString('latin1').replace('PUB', 'SUB'), 'latin1'));
    socket.write(Buffer.concat([Buffer.from([0, topic.length + 1, 1]), topic]));
    return socket;
  }

  it('waits for no subscriber that does not read, and drops what has no room', async () => {
    const { publisher, port } = await start();
    const socket = await handshake(port);
    const large = { payload: new Uint8Array(2 ** 20), numEvents: 1 };
    await until(() => {
      publisher.publish('m', { payload: new Uint8Array(1), numEvents: 1 });
      return publisher.numPublished > 0;
    });
    socket.pause();
    const before = { sent: publisher.numPublished, dropped: publisher.numDropped };
    for (let i = 0; i < 200; i++) {
      publisher.publish('m', large);
      if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(publisher.numDropped - before.dropped).toBeGreaterThan(100);
    expect(publisher.numPublished - before.sent).toBeLessThan(100);
  });

  it.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'.padEnd(80))],
    ['another mechanism', Buffer.from(GREETING.toString('latin1').replace('NULL', 'CURV'), 'latin1')],
    ['a frame without an end', Buffer.concat([GREETING, Buffer.from([2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])])],
    ['a message before its name', Buffer.concat([GREETING, Buffer.from([0, 1, 1])])],
  ])('cuts off what speaks %s, and serves the others', async (_, bytes) => {
    const { publisher, port } = await start();
    const bad = connect({ host: '127.0.0.1', port });
    open.push(() => bad.destroy());
    bad.on('error', () => undefined).resume();
    bad.write(bytes);
    await new Promise((resolve) => bad.once('close', resolve));
    await handshake(port);
    await until(() => {
      publisher.publish('m', { payload: new Uint8Array(1), numEvents: 1 });
      return publisher.numPublished > 0;
    });
  });

  it('survives whatever bytes come, in whatever pieces', async () => {
    const { publisher, port } = await start();
    const hello = Buffer.concat([
      GREETING,
      Buffer.from(READY.toString('latin1').replace('PUB', 'SUB'), 'latin1'),
    ]);
    const attacks = fc.sample(fc.tuple(fc.boolean(), fc.uint8Array({ maxLength: 200 })), {
      numRuns: 100,
      seed: 3,
    });
    for (const [greets, bytes] of attacks) {
      const socket = connect({ host: '127.0.0.1', port });
      socket.on('error', () => undefined).resume();
      for (const byte of greets ? [hello, bytes] : [bytes]) socket.write(byte);
      socket.end();
      await new Promise((resolve) => socket.once('close', resolve));
    }
    await handshake(port);
    await until(() => {
      publisher.publish('m', { payload: new Uint8Array(1), numEvents: 1 });
      return publisher.numPublished > 0;
    });
  });
});

describe('a service', { timeout: 300_000 }, () => {
  const text = (word: string): string => Array.from({ length: 200 }, (_, i) => `${word} ${i}`).join(' ');

  it('tells a router what its cache holds, from its start to its end', async ({ skip }) => {
    using router = await KvEventSubscriber.bind(pythonOr(skip));
    {
      await using service = await startTestService({
        KV_EVENTS_ENDPOINT: router.endpoint,
        KV_EVENTS_TOPIC: 'kv@10.0.0.7@{model}',
        PREFIX_CACHE_SCOPE: 'all',
        MODEL: EMBEDDED_MODEL,
        KV_CACHE_MB: '64',
      });
      const post = async (path: string, body: object): Promise<unknown> => {
        const answer = await fetch(service.url + path, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ max_tokens: 1, truncate_prompt_tokens: 200, ...body }),
        });
        expect(answer.status, await answer.clone().text()).toBe(200);
        return answer.json();
      };
      const ask = (word: string, more: object = {}): Promise<unknown> =>
        post('/v1/completions', { prompt: text(word), ...more });
      // It connects while the service starts: what came before is lost.
      for (let i = 0; router.batches.length === 0; i++) await ask(`river ${i}`);
      await ask('mill');
      // What a router asks for to know which blocks a prompt is made of.
      const [rendered] = (await post('/v1/completions/render', { prompt: text('mill') })) as {
        token_ids: number[];
      }[];
      const ofMill = rendered?.token_ids.slice(0, 3 * PAGE_TOKENS) ?? [];
      expect(ofMill).toHaveLength(3 * PAGE_TOKENS);
      // A long prompt is computed in several steps.
      const numOfMill = (): number =>
        [...heldBlocks(router.events).values()].filter((block) => String(block) === String(ofMill)).length;
      await until(() => numOfMill() === 1);
      expect(router.events.every((event) => event.type !== 'BlockStored' || event.extra_keys === null)).toBe(
        true,
      );
      // What is there already is not told again; under another salt it is.
      await ask('mill');
      await ask('mill', { cache_salt: 'my salt' });
      await until(() => numOfMill() === 2);
      const salted = router.events.find((event) => event.type === 'BlockStored' && event.extra_keys !== null);
      expect(salted).toMatchObject({ parent_block_hash: null });
      expect(salted?.type === 'BlockStored' && salted.extra_keys?.[0]).toEqual([
        expect.stringMatching(/^bytes /),
      ]);
      expect(JSON.stringify(router.batches)).not.toContain('my salt');
      expect(new Set(router.batches.map(({ topic }) => topic)).size).toBe(1);
      expect(router.batches[0]?.topic).toMatch(/^kv@10\.0\.0\.7@./);
      expect(await metric(service.url, 'tokenflare_kv_events_published_total')).toBeGreaterThanOrEqual(2);
      void service.engineProcess().kill();
      await until(() => router.events.at(-1)?.type === 'AllBlocksCleared');
    }
  });
});
