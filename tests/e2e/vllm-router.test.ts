import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ChatBody } from '../../routes/openai/schemas/chat.ts';
import type { CompletionBody } from '../../routes/openai/schemas/completions.ts';
import { urlOf, useServices, type ServiceProcess } from '../support/process.ts';
import { EMBEDDED_MODEL, metric, until } from '../support/service.ts';
import { postJson, sseData } from '../support/sse.ts';
import { installVllmRouter, startVllmRouter, type VllmRouter } from '../support/vllm-router.ts';

/** vLLM's router, as PyPI has it, in front of three replicas: it is not ours, and knows of vLLM alone. */

const start = useServices();
const routers: VllmRouter[] = [];
let found: Awaited<ReturnType<typeof installVllmRouter>>;
beforeAll(async () => {
  found = await installVllmRouter();
}, 300_000);
afterEach(() => {
  for (const { child } of routers.splice(0)) child.kill('SIGKILL');
});

interface Cluster {
  router: string;
  replicas: { url: string; process: ServiceProcess }[];
}

async function startCluster(skip: (reason: string) => void): Promise<Cluster> {
  if ('reason' in found) {
    skip(found.reason);
    throw new Error(found.reason);
  }
  const processes = Array.from({ length: 3 }, () => start({ MODEL: EMBEDDED_MODEL, KV_CACHE_MB: '64' }));
  const urls = await Promise.all(processes.map(urlOf));
  const router = await startVllmRouter(found.path, urls);
  routers.push(router);
  return { router: router.url, replicas: processes.map((process, i) => ({ process, url: urls[i] ?? '' })) };
}

const PROMPT = 'A fox lived in the wood behind the mill.';
const messages = [{ role: 'user', content: 'Tell me a story about a fox.' }];

const ok = async <Body>(url: string, body: object): Promise<Body> => {
  const answer = await postJson(url, body);
  expect(answer.status, await answer.clone().text()).toBe(200);
  return (await answer.json()) as Body;
};

async function framesOf(url: string, body: object): Promise<string[]> {
  const answer = await postJson(url, { ...body, stream: true });
  expect(answer.status).toBe(200);
  const frames: string[] = [];
  for await (const data of sseData(answer)) frames.push(data);
  return frames;
}

describe("vLLM's router in front of three replicas", { timeout: 300_000 }, () => {
  it('brings completions, chats, responses and streams through', async ({ skip }) => {
    const { router, replicas } = await startCluster(skip);
    const completion = { prompt: PROMPT, max_tokens: 8, temperature: 0 };
    const { choices } = await ok<CompletionBody>(`${router}/v1/completions`, completion);
    const direct = await ok<CompletionBody>(`${replicas[0]?.url}/v1/completions`, completion);
    expect(choices[0]?.text).toBe(direct.choices[0]?.text);
    const chat = await ok<ChatBody>(`${router}/v1/chat/completions`, { messages, max_tokens: 8 });
    expect(chat.usage.completion_tokens).toBeGreaterThan(0);
    const response = await ok<{ status: string; id: string }>(`${router}/v1/responses`, {
      input: 'Tell me of a fox.',
      max_output_tokens: 8,
    });
    expect(['completed', 'incomplete']).toContain(response.status);
    for (const [path, body] of [
      ['/v1/completions', completion],
      ['/v1/chat/completions', { messages, max_tokens: 8 }],
    ] as const) {
      const frames = await framesOf(router + path, body);
      expect(frames.length).toBeGreaterThan(1);
      expect(frames.at(-1)).toBe('[DONE]');
    }
    const events = await framesOf(`${router}/v1/responses`, { input: 'Hi', max_output_tokens: 4 });
    expect(events.at(-1)).toMatch(/"type":"response\.(?:completed|incomplete)"/);
  });

  it('sends requests that begin alike to one replica, which finds their beginning in its cache', async ({
    skip,
  }) => {
    const { router, replicas } = await startCluster(skip);
    const beginnings = ['Once there was a fox', 'In a town by the sea', 'The old miller said'].map((text) =>
      `${text} and all went well until it began to rain. `.repeat(12),
    );
    const answered = async (): Promise<number[]> =>
      Promise.all(replicas.map(({ url }) => metric(url, 'vllm:e2e_request_latency_seconds_count')));
    for (const beginning of beginnings) {
      await ok(`${router}/v1/completions`, { prompt: `${beginning}First`, max_tokens: 2 });
      const before = await answered();
      for (const word of ['Second', 'Third', 'Fourth']) {
        const { usage } = await ok<CompletionBody>(`${router}/v1/completions`, {
          prompt: beginning + word,
          max_tokens: 2,
        });
        expect(usage.prompt_tokens_details.cached_tokens).toBeGreaterThanOrEqual(64);
      }
      const after = await answered();
      expect(after.map((count, i) => count - (before[i] ?? 0)).toSorted()).toEqual([0, 0, 3]);
    }
  });

  it('goes on without a replica that is killed', async ({ skip }) => {
    const { router, replicas } = await startCluster(skip);
    const ask = async (i: number): Promise<number> =>
      (await postJson(`${router}/v1/completions`, { prompt: `${i} ${PROMPT}`, max_tokens: 2 })).status;
    expect(await ask(0)).toBe(200);
    const [killed] = replicas;
    killed?.process.child.kill('SIGKILL');
    await killed?.process.exited;
    // The router looks at each replica every second.
    let numInARow = 0;
    await until(async () => {
      numInARow = (await ask(numInARow)) === 200 ? numInARow + 1 : 0;
      return numInARow === 20;
    });
    const counts = await Promise.all(
      replicas.slice(1).map(({ url }) => metric(url, 'vllm:e2e_request_latency_seconds_count')),
    );
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(20);
  });
});
