import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BenchmarkEvent, BenchmarkReportBody } from '../../routes/service/schemas/benchmark.ts';
import { call, post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { sseData } from '../support/openapi-validator.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

const PATH = '/benchmark';
const SMALL = { prompt_tokens: 4, max_tokens: 3, concurrency: [1, 2], repeats: 2 };

let engine: ScriptedEngine;
let service: HttpService;
beforeAll(async () => {
  engine = await ScriptedEngine.create();
  service = await startHttpService(engine);
});
beforeEach(() => engine.reset({ text: ' the old mill'.repeat(30) }));
afterAll(() => service.close());

describe('/benchmark', () => {
  it('GET has nothing before the first run', async () => {
    expect((await call(service, 'GET', PATH)).status).toBe(404);
  });

  it('POST answers with the report, and GET keeps it', async () => {
    const answer = await post(service, PATH, { ...SMALL, modes: ['engine', 'http'], context_sweep: [8, 16] });
    expect(answer.status, answer.text).toBe(200);
    const report = answer.json as BenchmarkReportBody;
    expect(report.params).toMatchObject({ prompt_tokens: 4, concurrency: [1, 2], context_sweep: [8, 16] });
    expect(report.loads.map(({ mode, concurrency }) => [mode, concurrency])).toEqual([
      ['engine', 1],
      ['http', 1],
      ['engine', 2],
      ['http', 2],
    ]);
    expect(
      report.loads.every(({ generated_tokens, concurrency }) => generated_tokens === 6 * concurrency),
    ).toBe(true);
    expect(report.http_ratios).toHaveLength(2);
    expect(report.context_sweep?.points.map(({ context_tokens }) => context_tokens)).toEqual([8, 16]);
    expect((await call(service, 'GET', PATH)).json).toEqual(report);
  });

  it('needs no body: all has defaults', async () => {
    engine.model.contextLength = 1024;
    const headers = { 'content-type': 'application/json' };
    const { status, json } = await call(service, 'POST', PATH, { headers });
    engine.model.contextLength = 128;
    expect(status).toBe(200);
    expect((json as BenchmarkReportBody).params).toMatchObject({
      prompt_tokens: 64,
      concurrency: [1, 8, 16],
    });
  });

  it('streams progress, then the report', async () => {
    const { text } = await post(service, PATH, { ...SMALL, stream: true });
    const events = sseData(text) as BenchmarkEvent[];
    const last = events.pop();
    expect(last).toHaveProperty('report.loads');
    expect(events[0]).toMatchObject({ progress: { phase: 'warm_up', num_done: 0 } });
    expect(events.at(-1)).toMatchObject({ progress: { phase: 'load', num_done: 4, num_total: 4 } });
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it.each([
    ['prompt_tokens', { prompt_tokens: 0 }],
    ['concurrency[0]', { ...SMALL, concurrency: [0] }],
    ['concurrency', { ...SMALL, concurrency: [] }],
    ['concurrency', { ...SMALL, concurrency: Array<number>(33).fill(1) }],
    ['concurrency[0]', { ...SMALL, concurrency: [1025] }],
    ['repeats', { ...SMALL, repeats: 101 }],
    ['context_sweep', { ...SMALL, context_sweep: Array<number>(33).fill(8) }],
    ['context_sweep[0]', { ...SMALL, context_sweep: [7] }],
    ['max_tokens', { prompt_tokens: 100, max_tokens: 100 }],
    ['modes[0]', { modes: ['fast'] }],
    ['modes', { modes: ['http', 'http', 'http'] }],
    ['models', { models: 'x' }],
  ])('names a field at fault, streamed or not: %s', async (param, body) => {
    for (const stream of [false, true]) {
      const { status, json } = await post(service, PATH, { ...body, stream });
      expect(status).toBe(400);
      expect(json).toMatchObject({ error: { param } });
    }
  });

  it('runs one at a time, and stops when its client leaves', async () => {
    engine.reset({ stallAfter: 1 });
    const client = new AbortController();
    const first = fetch(service.url + PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...SMALL, stream: true }),
      signal: client.signal,
    });
    while (engine.stats().numSequencesRunning === 0) await sleep(5);
    for (const stream of [false, true]) {
      const { status, headers } = await post(service, PATH, { ...SMALL, stream });
      expect(status).toBe(409);
      expect(headers['x-should-retry']).toBe('true');
    }
    client.abort();
    await first.then((response) => response.text()).catch(() => undefined);
    while (engine.stats().numSequencesRunning > 0) await sleep(5);
    engine.reset({ text: ' the old mill'.repeat(30) });
    while ((await post(service, PATH, SMALL)).status === 409) await sleep(5);
  });

  it('is for the loopback address only, and a proxy there speaks for others', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.7' };
    const forwarded = await call(service, 'POST', PATH, { body: SMALL, headers });
    expect(forwarded.status).toBe(403);
    expect(forwarded.json).toMatchObject({ error: { code: 'forbidden' } });
    const on = await startHttpService(engine, { benchmark: 'on' });
    expect((await call(on, 'POST', PATH, { body: SMALL, headers })).status).toBe(200);
    await on.close();
    const off = await startHttpService(engine, { benchmark: 'off' });
    expect((await post(off, PATH, SMALL)).status).toBe(403);
    await off.close();
  });
});
