import { BlockList } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { call, post, type Answer } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { KeyFile } from '../support/keys.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

/** What routers and autoscalers read of a replica, and the headers that they send. */

const MODEL = '@test/tiny-gpt2';

let engine: ScriptedEngine;
const services: HttpService[] = [];
beforeAll(async () => {
  engine = await ScriptedEngine.create();
});
beforeEach(() => engine.reset());
afterEach(async () => {
  for (const service of services.splice(0)) await service.close();
});
afterAll(() => engine.tokenizer.stop());

type Settings = Parameters<typeof startHttpService>[1];

async function start(
  settings: Settings = {},
  access: Parameters<typeof startHttpService>[2] = {},
): Promise<HttpService> {
  const service = await startHttpService(engine, settings, access);
  services.push(service);
  return service;
}

const networksOf = (...networks: [address: string, prefix: number][]): BlockList => {
  const list = new BlockList();
  for (const [address, prefix] of networks) list.addSubnet(address, prefix);
  return list;
};

describe('METRICS_NAMES', () => {
  /** Samples by their series, and the names of all metrics. */
  async function scrape(service: HttpService): Promise<{ samples: Map<string, number>; names: string[] }> {
    const { text } = await call(service, 'GET', '/metrics');
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const samples = new Map(
      lines.map((line) => [
        line.slice(0, line.lastIndexOf(' ')),
        Number(line.slice(line.lastIndexOf(' ') + 1)),
      ]),
    );
    return { samples, names: [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name) };
  }

  it('both: has what a picker reads beside our names, at the same values', async () => {
    const service = await start();
    await post(service, '/v1/completions', { prompt: 'The river', max_tokens: 3 });
    const { samples, names } = await scrape(service);
    const label = `{model_name="${MODEL}"}`;
    for (const name of [
      'num_requests_running',
      'num_requests_waiting',
      'kv_cache_usage_perc',
      'prefix_cache_hits_total',
      'prefix_cache_queries_total',
      'time_to_first_token_seconds_count',
      'e2e_request_latency_seconds_sum',
      'generation_tokens_total',
    ]) {
      const own = samples.get(`tokenflare_${name}${label}`);
      expect(own, name).toBeDefined();
      expect(samples.get(`vllm:${name}${label}`), name).toBe(own);
    }
    expect(samples.get(`vllm:e2e_request_latency_seconds_count${label}`)).toBe(1);
    expect(samples.get(`vllm:gpu_cache_usage_perc${label}`)).toBe(
      samples.get(`tokenflare_kv_cache_usage_perc${label}`),
    );
    const bucket = `le="+Inf",model_name="${MODEL}"`;
    expect(samples.get(`vllm:time_per_output_token_seconds_bucket{${bucket}}`)).toBe(
      samples.get(`tokenflare_inter_token_latency_seconds_bucket{${bucket}}`),
    );
    const pages = engine.stats().kvCacheTokens / 64;
    const config = `block_size="64",num_gpu_blocks="${pages}"`;
    expect(samples.get(`vllm:cache_config_info{model_name="${MODEL}",${config}}`)).toBe(1);
    expect([...samples.keys()].filter((key) => key.startsWith('vllm:lora_requests_info{'))).toEqual([
      'vllm:lora_requests_info{max_lora="0",running_lora_adapters="",waiting_lora_adapters=""}',
    ]);
    expect(new Set(names).size).toBe(names.length);
  });

  it('vllm: each metric has one name, ours where vLLM has none', async () => {
    const both = (await scrape(await start())).names;
    const { names } = await scrape(await start({ metricsNames: 'vllm' }));
    expect(names.filter((name) => !both.includes(name))).toEqual([]);
    expect(names).toContain('vllm:num_requests_waiting');
    expect(names).not.toContain('tokenflare_num_requests_waiting');
    expect(names).toContain('tokenflare_seats');
  });

  it('tokenflare: has none of the other names', async () => {
    const { names } = await scrape(await start({ metricsNames: 'tokenflare' }));
    expect(names.filter((name) => !name.startsWith('tokenflare_'))).toEqual([]);
    expect(names).toContain('tokenflare_num_requests_waiting');
  });

  it('renames no value of a label', async () => {
    engine.model.id = 'tokenflare_num_requests_waiting';
    try {
      const service = await start();
      const { text } = await call(service, 'GET', '/metrics');
      expect(text).toContain('model_name="tokenflare_num_requests_waiting"');
      expect(text).not.toContain('model_name="vllm:');
    } finally {
      engine.model.id = MODEL;
    }
  });
});

describe('METRICS_ALLOW', () => {
  const file = new KeyFile();
  beforeAll(() => file.create('alice'));
  afterAll(() => file[Symbol.dispose]());
  const PROXY = networksOf(['127.0.0.1', 32]);
  const from = (address: string): Record<string, string> => ({ 'x-forwarded-for': address });
  const statusOf = async (service: HttpService, path: string, address: string): Promise<number> =>
    (await call(service, 'GET', path, { headers: from(address) })).status;

  it('lets these networks read the metrics without a key, and nothing else', async () => {
    const allow = networksOf(['10.1.0.0', 16], ['192.0.2.7', 32]);
    const service = await start({ metricsAllow: allow, trustProxy: PROXY }, { keysFile: file.path });
    expect(await statusOf(service, '/metrics', '10.1.2.3')).toBe(200);
    expect(await statusOf(service, '/metrics', '192.0.2.7')).toBe(200);
    expect(await statusOf(service, '/metrics', '10.2.0.1')).toBe(401);
    expect(await statusOf(service, '/metrics', '192.0.2.8')).toBe(401);
    expect(await statusOf(service, '/v1/models', '10.1.2.3')).toBe(401);
    expect(await statusOf(service, '/v1/requests', '10.1.2.3')).toBe(401);
  });

  it('is closed by default', async () => {
    const service = await start({ trustProxy: PROXY }, { keysFile: file.path });
    expect(await statusOf(service, '/metrics', '10.1.2.3')).toBe(401);
  });
});

describe('headers of routers', () => {
  const complete = (
    service: HttpService,
    headers: Record<string, string>,
    body: object = { prompt: 'a', max_tokens: 1 },
  ): Promise<Answer> => call(service, 'POST', '/v1/completions', { headers, body });
  const FAIRNESS = 'x-llm-d-inference-fairness-id';

  it('carry an id there and back, and a destination that means nothing here', async () => {
    const service = await start();
    const headers = { 'x-request-id': 'abc-1', 'x-gateway-destination-endpoint': '10.0.0.1:8000' };
    const answer = await complete(service, headers);
    expect(answer.status).toBe(200);
    expect(answer.headers['x-request-id']).toBe('abc-1');
    expect(answer.json).toMatchObject({ id: 'cmpl-abc-1' });
  });

  it('name a group only where a trusted proxy sets them, and TRUST_FAIRNESS_ID says so', async () => {
    const proxy = networksOf(['127.0.0.1', 32]);
    const groupsOf = async (settings: Settings): Promise<string[]> => {
      const service = await start(settings);
      const groups: string[] = [];
      for (const tenant of ['a', 'b', 'a']) {
        await complete(service, { [FAIRNESS]: tenant, 'x-forwarded-for': '192.0.2.7' });
        groups.push(engine.lastClientId.split('/')[0] ?? '');
      }
      return groups;
    };
    const [a, b, again] = await groupsOf({ trustProxy: proxy, trustFairnessId: true });
    expect(a).toMatch(/^fair:/);
    expect(b).not.toBe(a);
    expect(again).toBe(a);
    expect(a).not.toContain('192.0.2.7');
    expect(await groupsOf({ trustProxy: proxy })).toEqual(['192.0.2.7', '192.0.2.7', '192.0.2.7']);
    expect(new Set(await groupsOf({ trustFairnessId: true })).size).toBe(1);
  });

  it('leave what is kept for a client with its owner', async () => {
    const service = await start({ trustProxy: networksOf(['127.0.0.1', 32]), trustFairnessId: true });
    const ask = (address: string, tenant: string): Promise<Answer> =>
      complete(service, { [FAIRNESS]: tenant, 'x-forwarded-for': address });
    await ask('192.0.2.7', 'a');
    const owner = engine.requests.at(-1)?.ownerId;
    await ask('192.0.2.7', 'b');
    expect(engine.requests.at(-1)?.ownerId).toBe(owner);
    await ask('192.0.2.8', 'a');
    expect(engine.requests.at(-1)?.ownerId).not.toBe(owner);
  });

  it('x-llm-d-slo-ttft-ms: what has no seat by then is refused, streamed or not', async () => {
    const service = await start();
    engine.reset({ queuePosition: { position: 3, numWaiting: 17 } });
    for (const stream of [false, true]) {
      const refused = await complete(service, { 'x-llm-d-slo-ttft-ms': '50' }, { prompt: 'a', stream });
      expect(refused.status).toBe(429);
      expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
      expect(refused.json).toMatchObject({
        error: { code: 'queue_full', param: 'x-llm-d-slo-ttft-ms' },
      });
    }
    engine.reset();
    for (const stream of [false, true]) {
      const headers = { 'x-llm-d-slo-ttft-ms': '60000.5' };
      expect((await complete(service, headers, { prompt: 'a', stream })).status).toBe(200);
    }
  });

  it.each(['soon', '0', '-5', '1e3', ''])('x-llm-d-slo-ttft-ms: %j is no time', async (text) => {
    const refused = await complete(await start(), { 'x-llm-d-slo-ttft-ms': text });
    expect(refused.status).toBe(400);
    expect(refused.json).toMatchObject({ error: { param: 'x-llm-d-slo-ttft-ms' } });
  });
});
