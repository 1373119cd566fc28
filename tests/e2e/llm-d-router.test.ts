import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ChatBody } from '../../routes/openai/schemas/chat.ts';
import type { CompletionBody } from '../../routes/openai/schemas/completions.ts';
import { findLlmdRouter, startLlmdRouter, type LlmdRouter } from '../support/llm-d-router.ts';
import { freePort, urlOf, useServices } from '../support/process.ts';
import { EMBEDDED_MODEL, metric, until } from '../support/service.ts';
import { postJson, sseData } from '../support/sse.ts';

/** llm-d's router without Kubernetes, in front of three replicas: it is not ours, and knows of vLLM alone. */

const start = useServices();
/** As docker/llm-d/picker.yaml has it. */
const model = 'tokenflare';
const routers: LlmdRouter[] = [];
let found: Awaited<ReturnType<typeof findLlmdRouter>>;
beforeAll(async () => {
  found = await findLlmdRouter();
}, 300_000);
afterEach(() => {
  for (const child of routers.splice(0).flatMap(({ children }) => children)) child.kill('SIGKILL');
});

interface Cluster {
  readonly router: LlmdRouter;
  /** Addresses of the replicas. */
  readonly replicas: readonly string[];
}

async function startCluster(skip: (reason: string) => never): Promise<Cluster> {
  if ('reason' in found) return skip(found.reason);
  const [eventsPort = '', ...ports] = await Promise.all(Array.from({ length: 4 }, freePort));
  const processes = ports.map((port) =>
    start({
      PORT: port,
      MODEL: EMBEDDED_MODEL,
      MODEL_ID: model,
      KV_CACHE_MB: '64',
      TRUST_PROXY: '127.0.0.1',
      PREFIX_CACHE_SCOPE: 'all',
      METRICS_ALLOW: '127.0.0.1/32',
      KV_EVENTS_ENDPOINT: `tcp://127.0.0.1:${eventsPort}`,
      KV_EVENTS_TOPIC: `kv@127.0.0.1:${port}@{model}`,
    }),
  );
  const replicas = await Promise.all(processes.map(urlOf));
  const router = await startLlmdRouter(found, { replicas: ports, eventsPort });
  routers.push(router);
  return { router, replicas };
}

const messages = [{ role: 'user', content: 'Tell me a story about a fox.' }];

const complete = async (url: string, prompt: string, max_tokens = 2): Promise<CompletionBody> => {
  const answer = await postJson(`${url}/v1/completions`, { model, prompt, max_tokens });
  expect(answer.status, await answer.clone().text()).toBe(200);
  return (await answer.json()) as CompletionBody;
};

const answeredBy = (replicas: readonly string[]): Promise<number[]> =>
  Promise.all(replicas.map((url) => metric(url, 'vllm:e2e_request_latency_seconds_count')));

const beginning = (i: number): string =>
  `${i}. In the house with ${i + 20} windows by the sea all went well until it rained. `.repeat(8);

describe("llm-d's router in front of three replicas", { timeout: 300_000 }, () => {
  it('brings chats, completions and streams through', async ({ skip }) => {
    const { router } = await startCluster(skip);
    expect((await complete(router.url, 'The river', 8)).usage.completion_tokens).toBe(8);
    const chat = await postJson(`${router.url}/v1/chat/completions`, { model, messages, max_tokens: 8 });
    expect(((await chat.json()) as ChatBody).usage.completion_tokens).toBeGreaterThan(0);
    const stream = await postJson(`${router.url}/v1/chat/completions`, { model, messages, stream: true });
    const frames: string[] = [];
    for await (const data of sseData(stream)) frames.push(data);
    expect(frames.at(-1)).toBe('[DONE]');
  });

  it('sends a shared beginning to its holder at least nine times in ten, by the events of the caches', async ({
    skip,
  }) => {
    const { router, replicas } = await startCluster(skip);
    const numBeginnings = 12;
    const holders = Array.from({ length: numBeginnings }, (_, i) => i % replicas.length);
    // Past the router, so that it can know of them by events alone.
    for (const [i, holder] of holders.entries())
      await complete(replicas[holder] ?? '', `${beginning(i)}First`);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    let numToHolder = 0;
    let numCached = 0;
    for (const [i, holder] of holders.entries())
      for (const word of ['Second', 'Third', 'Fourth', 'Fifth', 'Sixth']) {
        const before = await answeredBy(replicas);
        const { usage } = await complete(router.url, beginning(i) + word);
        const after = await answeredBy(replicas);
        if (after[holder] === (before[holder] ?? 0) + 1) numToHolder += 1;
        if (usage.prompt_tokens_details.cached_tokens >= 64) numCached += 1;
      }
    console.info(`to the holder ${numToHolder} of ${numBeginnings * 5}, from a cache ${numCached}`);
    expect(numToHolder).toBeGreaterThanOrEqual(numBeginnings * 5 * 0.9);
    expect(numCached).toBeGreaterThanOrEqual(numBeginnings * 5 * 0.9);
  });

  it('sends fewer requests to a replica that is busy, by its gauges', async ({ skip }) => {
    const { router, replicas } = await startCluster(skip);
    const [busy = ''] = replicas;
    const controller = new AbortController();
    const body = { model, prompt: 'The sea', max_tokens: 900, ignore_eos: true, stream: true };
    const streams = Array.from({ length: 24 }, () =>
      postJson(`${busy}/v1/completions`, body, { signal: controller.signal }),
    );
    await until(async () => (await metric(busy, 'vllm:num_requests_running')) > 4);
    const before = await answeredBy(replicas);
    for (let i = 0; i < 45; i += 1) await complete(router.url, `${i} stones lay in the river.`);
    const after = await answeredBy(replicas);
    const counts = after.map((count, i) => count - (before[i] ?? 0));
    controller.abort();
    await Promise.allSettled(streams);
    console.info(`requests of each replica, the first busy: ${counts.join(', ')}`);
    expect(counts[0]).toBeLessThan(Math.min(counts[1] ?? 0, counts[2] ?? 0));
  });
});
