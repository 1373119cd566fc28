import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CompletionBody } from '../../routes/openai/schemas/completions.ts';
import type { ModelListBody } from '../../routes/openai/schemas/models.ts';
import { MANIFEST_NAME } from '../../src/catalog/manifest.ts';
import { build, childrenOf, isAlive, spawnService, urlOf } from '../support/process.ts';
import { metric, startTestService, TINY_MODEL, until, type TestService } from '../support/service.ts';
import { postJson, sseData } from '../support/sse.ts';
import { tempDirectory } from '../support/temp-directory.ts';

/** The whole service over a folder of models, each of which gets a real engine process. */

const EMBEDDED = fileURLToPath(new URL('../../model-weights', import.meta.url));
const MIB = 2 ** 20;

/** Two tiny models, and one whose weights end too early. */
function fillFolder(folder: string): void {
  for (const id of ['a', 'b', 'broken']) cpSync(TINY_MODEL, join(folder, id), { recursive: true });
  truncateSync(join(folder, 'broken', 'model.safetensors'), 1000);
}

type ModelEntry = ModelListBody['data'][number];

async function modelsOf(url: string): Promise<Record<string, ModelEntry>> {
  const { data } = (await (await fetch(`${url}/v1/models`)).json()) as ModelListBody;
  return Object.fromEntries(data.map((model) => [model.id, model]));
}

const complete = (url: string, model: string | undefined, more: object = {}): Promise<Response> =>
  postJson(`${url}/v1/completions`, { model, prompt: 'The river', max_tokens: 8, temperature: 0, ...more });

async function textOf(url: string, model?: string): Promise<string> {
  const response = await complete(url, model);
  expect(response.status, await response.clone().text()).toBe(200);
  return ((await response.json()) as CompletionBody).choices[0]?.text ?? '';
}

describe('several models on one server', () => {
  let folder: string;
  let service: TestService;
  let url: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tokenflare-test-'));
    fillFolder(folder);
    cpSync(EMBEDDED, join(folder, 'tales'), { recursive: true });
    service = await startTestService({ RUNTIME: 'cpu', MODELS_DIR: folder, KV_CACHE_MB: '16' });
    url = service.url;
  });
  afterAll(async () => {
    await service.close(0);
    rmSync(folder, { recursive: true });
  });

  it('lists them all with what their headers say, and reads no weights for it', async () => {
    const { 'tiny-gpt2': tiny, tales, broken, a } = await modelsOf(url);
    expect(tiny).toMatchObject({ state: 'loaded', is_default: true, architecture: 'gpt2', error: null });
    expect(tales).toMatchObject({
      state: 'unloaded',
      is_default: false,
      architecture: 'gpt2',
      runtime: null,
    });
    expect(tales?.num_parameters).toBeGreaterThan(4e6);
    expect(tales?.memory_bytes).toBeGreaterThan(4 * (tales?.num_parameters ?? NaN));
    expect(a).toMatchObject({ state: 'unloaded', num_parameters: tiny?.num_parameters });
    expect(a?.size_bytes).toBeGreaterThan(0);
    expect(broken).toMatchObject({ state: 'failed', error: { code: 'weights_invalid' } });
    expect(await metric(url, 'tokenflare_models_loaded')).toBe(1);
    const ids = (await new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none' }).models.list()).data;
    expect(ids.map(({ id }) => id)).toEqual(['tiny-gpt2', 'a', 'b', 'broken', 'tales']);
  });

  it('loads a model once for all of its first requests, which say what it says', async () => {
    const expected = await textOf(url);
    const texts = await Promise.all(Array.from({ length: 16 }, () => textOf(url, 'a')));
    expect(new Set(texts)).toEqual(new Set([expected]));
    expect(await textOf(url, 'tales')).not.toBe(expected);
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('tokenflare_model_loads_total{model_name="a"} 1');
    expect(text).toMatch(/tokenflare_generation_tokens_total\{model_name="a"\} 128\n/);
    const { a } = await modelsOf(url);
    expect(a?.state).toBe('loaded');
    expect(a?.runtime).toMatch(/cpu/i);
  });

  it('answers for a broken model with what is wrong, while another streams on', async () => {
    const stream = await complete(url, 'a', { stream: true, max_tokens: 60, ignore_eos: true });
    const response = await complete(url, 'broken');
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ error: { code: 'weights_invalid' } });
    const frames: string[] = [];
    for await (const data of sseData(stream)) frames.push(data);
    expect(frames.at(-1)).toBe('[DONE]');
    expect((await fetch(`${url}/ready`)).status).toBe(200);
  });

  it('finds and cancels requests of any model, and takes the model on every route', async () => {
    const headers = { 'content-type': 'application/json', 'x-request-id': 'a-long-one' };
    const running = await complete(url, 'a', { stream: true, max_tokens: 100, ignore_eos: true });
    const id = running.headers.get('x-request-id') ?? '';
    const cancelled = await fetch(`${url}/v1/requests/${id}`, { method: 'DELETE' });
    expect(cancelled.status).toBe(200);
    await running.body?.cancel();
    const body = JSON.stringify({ model: 'tales', prompt: 'Once' });
    for (const path of ['/tokenize', '/v1/attention']) {
      expect((await fetch(url + path, { method: 'POST', headers, body })).status).toBe(200);
      const unknown = JSON.stringify({ model: 'nobody', prompt: 'Once' });
      expect((await fetch(url + path, { method: 'POST', headers, body: unknown })).status).toBe(404);
    }
    expect((await postJson(`${url}/ai/run/tales`, { prompt: 'Once', max_tokens: 2 })).status).toBe(200);
    expect((await postJson(`${url}/ai/run/nobody`, { prompt: 'Once' })).status).toBe(400);
  });

  it('loads on when the one who asked hangs up', async () => {
    const gone = new AbortController();
    const request = postJson(`${url}/v1/completions`, { model: 'b', prompt: 'a' }, { signal: gone.signal });
    await until(async () => (await metric(url, 'tokenflare_num_requests_waiting_for_model')) === 1);
    gone.abort();
    await expect(request).rejects.toThrow(/abort/i);
    await until(async () => (await metric(url, 'tokenflare_num_requests_waiting_for_model')) === 0);
    await until(async () => (await modelsOf(url))['b']?.state === 'loaded');
    expect(await textOf(url, 'b')).toBe(await textOf(url));
  });

  it('sees a model that is put there while it serves', async () => {
    expect((await complete(url, 'c')).status).toBe(404);
    cpSync(TINY_MODEL, join(folder, 'c'), { recursive: true });
    expect(await textOf(url, 'c')).toBe(await textOf(url));
  });
});

it('unloads an idle model, whose process ends, and loads it again', async () => {
  const folder = tempDirectory();
  fillFolder(folder);
  const environment = { RUNTIME: 'cpu', MODELS_DIR: folder, MODEL_IDLE_SECONDS: '0.05', KV_CACHE_MB: '16' };
  await using service = await startTestService(environment);
  const { url } = service;
  const expected = await textOf(url, 'a');
  const { pid } = service.engineProcess();
  await until(async () => (await modelsOf(url))['a']?.state === 'unloaded');
  expect(isAlive(pid ?? NaN)).toBe(false);
  expect(await textOf(url, 'a')).toBe(expected);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toContain('tokenflare_model_loads_total{model_name="a"} 2');
  expect(metrics).toContain('tokenflare_model_unloads_total{model_name="a",reason="idle"}');
  // Its counters go on where they were.
  expect(metrics).toContain('tokenflare_generation_tokens_total{model_name="a"} 16');
});

it('unloads the least recently used when memory is short, and says what does not fit', async () => {
  const folder = tempDirectory();
  fillFolder(folder);
  await using probe = await startTestService({ RUNTIME: 'cpu', MODELS_DIR: folder, KV_CACHE_MB: '16' });
  await textOf(probe.url, 'a');
  const { a } = await modelsOf(probe.url);
  const resident = await metric(probe.url, 'tokenflare_engine_resident_memory_bytes');
  const each = Math.max(a?.memory_bytes ?? NaN, resident / 2);
  // Two and a half of them.
  const limit = String(Math.round((2.5 * each) / MIB));
  const environment = { RUNTIME: 'cpu', MODELS_DIR: folder, KV_CACHE_MB: '16', MEMORY_LIMIT_MB: limit };
  await using service = await startTestService(environment);
  const { url } = service;
  await textOf(url, 'a');
  await textOf(url, 'b');
  expect(await modelsOf(url)).toMatchObject({ a: { state: 'unloaded' }, b: { state: 'loaded' } });
  const stream = await complete(url, 'b', { stream: true, max_tokens: 110, ignore_eos: true });
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toContain('tokenflare_model_unloads_total{model_name="a",reason="memory"} 1');
  await stream.body?.cancel();
  await expect(startTestService({ ...environment, MEMORY_LIMIT_MB: '20' })).rejects.toThrow(
    /needs \d+ MiB \(weights 1 MiB, KV cache \d+ MiB, steps \d+ MiB\), and MEMORY_LIMIT_MB is 20 MiB/,
  );
});

it('loads PRELOAD_MODELS at start, and refuses to start for one that there is not', async () => {
  const folder = tempDirectory();
  fillFolder(folder);
  const environment = { RUNTIME: 'cpu', MODELS_DIR: folder, KV_CACHE_MB: '16' };
  await using service = await startTestService({ ...environment, PRELOAD_MODELS: 'b, broken' });
  expect(await modelsOf(service.url)).toMatchObject({
    a: { state: 'unloaded' },
    b: { state: 'loaded' },
    broken: { state: 'failed' },
  });
  await expect(startTestService({ ...environment, PRELOAD_MODELS: 'nobody' })).rejects.toMatchObject({
    code: 'config_invalid',
  });
});

it('lists models whatever lies in the folder, and serves meanwhile', async () => {
  const folder = tempDirectory();
  fillFolder(folder);
  for (const id of ['pipe', 'huge']) cpSync(TINY_MODEL, join(folder, id), { recursive: true });
  execFileSync('mkfifo', [join(folder, 'pipe', MANIFEST_NAME)]);
  // Eight bytes of length, and a header of 20 MB that names two million tensors.
  const header = `{${'"x":{},'.repeat(2_900_000)}"y":{}}`;
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  writeFileSync(join(folder, 'huge', 'model.safetensors'), Buffer.concat([length, Buffer.from(header)]));
  await using service = await startTestService({ RUNTIME: 'cpu', MODELS_DIR: folder, KV_CACHE_MB: '16' });
  expect(await modelsOf(service.url)).toMatchObject({
    a: { state: 'unloaded', error: null },
    pipe: { state: 'failed', error: { code: 'weights_invalid' } },
    huge: { state: 'failed', error: { code: 'weights_invalid' } },
  });
  await textOf(service.url, 'a');
});

it('kills an engine that does not load in time, tells who waits, and serves the others', async () => {
  const folder = tempDirectory();
  fillFolder(folder);
  const environment = { RUNTIME: 'cpu', MODELS_DIR: folder, KV_CACHE_MB: '16', LOAD_TIMEOUT: '10' };
  await using service = await startTestService(environment);
  const { url } = service;
  const loaded = service.engineProcess();
  const waiting = complete(url, 'a');
  await until(() => service.engineProcess() !== loaded);
  const { pid = NaN } = service.engineProcess();
  process.kill(pid, 'SIGSTOP');
  await textOf(url, 'b');
  const response = await waiting;
  expect(response.status).toBe(500);
  expect(await response.json()).toMatchObject({
    error: { code: 'backend_failure', message: expect.stringContaining('LOAD_TIMEOUT') as string },
  });
  await until(() => !isAlive(pid));
  await textOf(url);
});

it('ends on SIGTERM while a model loads, and leaves no process', async () => {
  build();
  const folder = tempDirectory();
  fillFolder(folder);
  const service = spawnService({ MODELS_DIR: folder });
  const url = await urlOf(service);
  const waiting = complete(url, 'a').then(
    (response) => response.status,
    () => 0,
  );
  await until(async () => (await modelsOf(url))['a']?.state === 'loading');
  // The default model's engine and tokenizer, and one of the other's at least.
  let children: number[] = [];
  await until(() => (children = childrenOf(service.child.pid ?? NaN, 'worker')).length > 2);
  service.child.kill('SIGTERM');
  expect(await service.exited).toBe(0);
  expect([0, 503]).toContain(await waiting);
  await until(() => children.every((pid) => !isAlive(pid)));
});
