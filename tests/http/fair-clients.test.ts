import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EngineClient } from '../../src/engine/client/engine-client.ts';
import { LEAST_MATCH } from '../../src/scheduler/pages/prefix-tree.ts';
import { createEngineOf } from '../support/create-engine.ts';
import { call, type Answer } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';
import { until } from '../support/service.ts';

/** A client that sends far more than the engine can take, and one that asks for little. */

const NUM_SEATS = 4;
const MAX_QUEUED = 256;
const FLOOD_TOKENS = 50;
const NUM_REQUESTS = 200;
const LONG_TOKENS = 400;

let engine: EngineClient;
let service: HttpService;
beforeAll(async () => {
  const runtime = RUNTIME_NAMES_HERE.includes('wasm') ? 'wasm' : 'cpu';
  const limits = { MAX_NUM_SEQS: String(NUM_SEATS), MAX_QUEUED_REQUESTS: String(MAX_QUEUED) };
  // The embedded model: of a tiny one 200 requests are over before HTTP has taken the next one in.
  engine = await createEngineOf({ RUNTIME: runtime, THREADS: '1', ...limits });
  await engine.start();
  service = await startHttpService(engine);
});
afterAll(async () => {
  await service.close();
  await engine.stop();
});

const complete = (key: string, prompt: string, maxTokens: number, salt?: string): Promise<Answer> =>
  call(service, 'POST', '/v1/completions', {
    headers: { authorization: `Bearer ${key}` },
    body: { prompt, max_tokens: maxTokens, temperature: 0, ignore_eos: true, cache_salt: salt },
  });

it('starves nobody for the sake of one who sends 200 requests at once', async () => {
  let numAnswered = 0;
  const flood = Array.from({ length: NUM_REQUESTS }, async (_, i) => {
    const answer = await complete('flood', `Flood ${i}.`, FLOOD_TOKENS);
    numAnswered++;
    return answer;
  });
  await until(() => engine.stats().numSequencesWaiting > NUM_REQUESTS / 4);
  const numWaiting = engine.stats().numSequencesWaiting;
  const numAnsweredBefore = numAnswered;
  const late = await complete('late', 'A fox', 2);
  expect(late.status).toBe(200);
  // It waits for one of four seats and takes two steps; others end while HTTP is under way. In the order of arrival it
  // would come behind all that waited, but for those whose seats end with it.
  expect(numAnswered - numAnsweredBefore).toBeLessThan(numWaiting / 2);
  for (const { status } of await Promise.all(flood)) expect(status).toBe(200);
});

/** A short completion from another address of this machine. */
function completeFrom(localAddress: string): Promise<number | undefined> {
  const body = JSON.stringify({ prompt: 'A fox', max_tokens: 1, temperature: 0 });
  const headers = { 'content-type': 'application/json', authorization: 'Bearer flood' };
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', headers, localAddress };
    const sent = httpRequest(`${service.url}/v1/completions`, options, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode));
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

it('does not make a newcomer wait for a completion of one client with all seats, whose texts stay the same', async () => {
  const before = engine.stats();
  let numAnswered = 0;
  const flood = Array.from({ length: 2 * NUM_SEATS }, async (_, i) => {
    // By its salt each computes its tokens itself.
    const answer = await complete('flood', 'The fox went to the river and', LONG_TOKENS, `salt ${i}`);
    numAnswered++;
    return answer;
  });
  await until(() => engine.stats().numGeneratedTokens - before.numGeneratedTokens > 10 * NUM_SEATS);
  expect((await complete('late', 'A fox', 1)).status).toBe(200);
  expect(await completeFrom('127.0.0.2')).toBe(200);
  expect(numAnswered).toBe(0);
  expect(engine.stats().numPreemptions).toBeGreaterThan(before.numPreemptions);
  const answers = await Promise.all(flood);
  const bodies = answers.map(({ json }) => json as { choices: { text: string }[]; usage: unknown });
  expect(new Set(bodies.map(({ choices }) => choices[0]?.text)).size).toBe(1);
  for (const { usage } of bodies) expect(usage).toMatchObject({ completion_tokens: LONG_TOKENS });
  // Their pages are still there, but for the few first tokens of a page.
  const { numPreemptions, numRecomputedTokens } = engine.stats();
  expect(numRecomputedTokens - before.numRecomputedTokens).toBeLessThan(
    LEAST_MATCH * (numPreemptions - before.numPreemptions),
  );
  expect(engine.stats()).toMatchObject({ numSequencesRunning: 0, numSequencesWaiting: 0, numSeatsUsed: 0 });
});

it('keeps a place for whoever comes while another has filled the queue', () => {
  const reservations = Array.from({ length: MAX_QUEUED + NUM_SEATS }, () => engine.reserve(1, 'flood'));
  expect(() => engine.reserve(1, 'flood')).toThrow('the queue is full');
  reservations.push(engine.reserve(2, 'late'));
  for (const reservation of reservations) reservation.release();
  expect(engine.stats().numSequencesWaiting).toBe(0);
});

it('tells clients apart by their keys', async () => {
  const reserved: (string | undefined)[] = [];
  const { reserve } = engine;
  engine.reserve = (numSequences, clientId) => {
    reserved.push(clientId);
    return reserve.call(engine, numSequences, clientId);
  };
  for (const key of ['one', 'other', 'one']) await complete(key, 'A fox', 1);
  engine.reserve = reserve;
  const [first, second, third] = reserved;
  expect(first).toMatch(/^127\.0\.0\.1\/[\w-]{16}$/);
  expect([second === first, third === first]).toEqual([false, true]);
});
