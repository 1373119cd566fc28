import { request as httpRequest } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EngineClient } from '../../src/engine/client/engine-client.ts';
import { createEngineOf } from '../support/create-engine.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';
import { someTokenIds } from '../support/step-runner.ts';

/**
 * Thirty-two clients at a cache for four whole sequences: each text is what it is alone, none fails, none starves, and
 * no page is lost. FULL_CACHE_MINUTES=60 has it go on for an hour.
 */

const NUM_CLIENTS = 32;
const VOCAB = 4000;
const MINUTES = Number(process.env['FULL_CACHE_MINUTES'] ?? 0);
const [runtime = 'cpu'] = ['native', 'wasm'].filter((name) =>
  (RUNTIME_NAMES_HERE as readonly string[]).includes(name),
);

interface Ask {
  readonly promptTokenIds: readonly number[];
  readonly maxTokens: number;
}

/** Short and long, few and many tokens; some begin alike. */
const ASKS: readonly Ask[] = Array.from({ length: NUM_CLIENTS }, (_, i) => {
  const length = [12, 40, 200, 610][i % 4] ?? 0;
  const own = someTokenIds(length, VOCAB, i);
  const promptTokenIds = i % 8 < 4 ? own : [...someTokenIds(150, VOCAB, 77), ...own];
  const maxTokens = Math.min([30, 64, 200, 380][(i >> 2) % 4] ?? 0, 1024 - promptTokenIds.length);
  return { promptTokenIds, maxTokens };
});

let engine: EngineClient;
let service: HttpService;
beforeAll(async () => {
  // 6 KiB of keys and values a token: four contexts of 1,024 tokens.
  engine = await createEngineOf({
    RUNTIME: runtime,
    KV_CACHE_MB: '24',
    KV_CACHE_FORMAT: 'f16',
    MAX_QUEUED_REQUESTS: '64',
  });
  await engine.start();
  service = await startHttpService(engine);
});
afterAll(async () => {
  await service.close();
  await engine.stop();
});

interface Answered {
  readonly text: string;
  readonly ms: number;
}

/** From an address of its own, by which clients are told apart. */
function ask({ promptTokenIds, maxTokens }: Ask, localAddress: string, salt: string): Promise<Answered> {
  const startedAt = performance.now();
  const body = JSON.stringify({
    prompt: promptTokenIds,
    max_tokens: maxTokens,
    temperature: 0,
    ignore_eos: true,
    cache_salt: salt,
  });
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const options = { method: 'POST', headers, localAddress };
    const sent = httpRequest(`${service.url}/v1/completions`, options, (answer) => {
      readText(answer).then((json) => {
        if (answer.statusCode !== 200) throw new Error(json);
        const { choices } = JSON.parse(json) as { choices: { text: string }[] };
        resolve({ text: choices[0]?.text ?? '', ms: performance.now() - startedAt });
      }, reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

it(
  'gives thirty-two clients at a cache for four their own texts',
  async () => {
    const alone: string[] = [];
    for (const [i, one] of ASKS.entries()) alone.push((await ask(one, '127.0.0.1', `alone ${i}`)).text);
    const before = engine.stats();
    const endAt = performance.now() + MINUTES * 60_000;
    const residentBytes: number[] = [];
    for (let round = 0; round < 2 || performance.now() < endAt; round++) {
      const startedAt = performance.now();
      const answers = await Promise.all(ASKS.map((one, i) => ask(one, `127.0.0.${i + 2}`, `round ${round}`)));
      const roundMs = performance.now() - startedAt;
      expect(answers.map(({ text }) => text)).toEqual(alone);
      // Who asks for little does not wait for those who ask for much.
      const short = answers.filter(
        (_, i) => ASKS[i]?.maxTokens === 30 && ASKS[i].promptTokenIds.length < 100,
      );
      for (const { ms } of short) expect(ms / roundMs).toBeLessThan(0.6);
      residentBytes.push(engine.stats().engineResidentBytes);
    }
    const { numPreemptions, numPagesUsed, numSeatsUsed, numEvictedPages } = engine.stats();
    expect([numPagesUsed, numSeatsUsed]).toEqual([0, 0]);
    expect(numPreemptions).toBeGreaterThan(before.numPreemptions);
    expect(numEvictedPages).toBeGreaterThan(before.numEvictedPages);
    const [first = 0, ...later] = residentBytes;
    expect(Math.max(...later) - first).toBeLessThan(64 * 2 ** 20);
  },
  120_000 + MINUTES * 60_000,
);

it('holds a beginning that sixteen streams share once', async () => {
  const beginning = someTokenIds(640, VOCAB, 5);
  const asks = Array.from({ length: 16 }, (_, i): Ask => {
    return { promptTokenIds: [...beginning, ...someTokenIds(20, VOCAB, 500 + i)], maxTokens: 60 };
  });
  const before = engine.stats();
  let [mostUsed, mostShared] = [0, 0];
  const watch = setInterval(() => {
    const { numPagesUsed, numPagesShared } = engine.stats();
    mostUsed = Math.max(mostUsed, numPagesUsed);
    mostShared = Math.max(mostShared, numPagesShared);
  }, 2);
  await Promise.all(asks.map((one) => ask(one, '127.0.0.2', 'shared')));
  clearInterval(watch);
  const { numPrefixCacheHits, numPreemptions } = engine.stats();
  expect(mostShared).toBe(10);
  // Each has at most two pages of its own. Sixteen copies would take 192 of the 64 that there are.
  expect(mostUsed).toBeLessThanOrEqual(10 + 16 * 2);
  expect(numPrefixCacheHits - before.numPrefixCacheHits).toBe(15 * 640);
  expect(numPreemptions).toBe(before.numPreemptions);
});
