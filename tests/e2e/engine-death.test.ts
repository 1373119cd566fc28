import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ToWorker } from '../../src/engine/protocol.ts';
import { metric, startTestService, until, type TestService } from '../support/service.ts';
import { postJson, sseData } from '../support/sse.ts';

let service: TestService;

beforeEach(async () => {
  service = await startTestService({ RUNTIME: 'cpu' });
});
afterEach(() => service[Symbol.asyncDispose]());

const body = { model: 'tiny-gpt2', prompt: 'The river', max_tokens: 100, temperature: 0, ignore_eos: true };

/** Ways for the engine thread to go: killed from outside, and a fault thrown inside. */
const DEATHS: [string, () => void][] = [
  ['is killed', () => void service.thread().kill()],
  ['throws', () => service.thread().send(JSON.parse('{"type":"nonsense"}') as ToWorker)],
];

describe.each(DEATHS)('when the engine thread %s', (_, die) => {
  it('fails what ran with an error frame, starts anew, and serves the same text', async () => {
    const url = `${service.url}/v1/completions`;
    const before = (await (await postJson(url, body)).json()) as { choices: { text: string }[] };

    const streaming = await postJson(url, { ...body, stream: true });
    const waiting = postJson(url, body);
    const frames: string[] = [];
    for await (const data of sseData(streaming)) {
      frames.push(data);
      if (frames.length === 3) die();
    }
    expect(JSON.parse(frames.at(-1) ?? '')).toMatchObject({ error: { code: 'backend_failure' } });
    expect(frames).not.toContain('[DONE]');
    expect((await waiting).status).toBe(500);

    await until(async () => (await fetch(`${service.url}/ready`)).status === 200);
    expect((await fetch(`${service.url}/health`)).status).toBe(200);
    const after = (await (await postJson(url, body)).json()) as { choices: { text: string }[] };
    expect(after.choices[0]?.text).toBe(before.choices[0]?.text);
    expect(await metric(service.url, 'tokenflare_engine_restarts_total')).toBe(1);
    expect(await metric(service.url, 'tokenflare_lanes_used')).toBe(0);
  });
});

it('says 503 while no engine thread is there', async () => {
  await service.thread().kill();
  const ready = await fetch(`${service.url}/ready`);
  expect(ready.status).toBe(503);
  const refused = await postJson(`${service.url}/v1/completions`, body);
  expect(refused.status).toBe(503);
  expect(refused.headers.get('x-should-retry')).toBe('true');
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  await until(async () => (await fetch(`${service.url}/ready`)).status === 200);
});
