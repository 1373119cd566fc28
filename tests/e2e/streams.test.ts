import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metric, startTestService, until, type TestService } from '../support/service.ts';
import { postJson, sseData } from '../support/sse.ts';

const NUM_STREAMS = 32;

interface Chunk {
  choices: { text: string; finish_reason: string | null; token_ids?: number[] }[];
}

let service: TestService;

beforeAll(async () => {
  service = await startTestService({ MAX_NUM_SEQS: '8', MAX_NUM_BATCHED_TOKENS: '32' });
});
afterAll(() => service[Symbol.asyncDispose]());

const bodyOf = (prompt: string, extra: object = {}): object => ({
  model: 'tiny-gpt2',
  prompt,
  max_tokens: 80,
  temperature: 0,
  ignore_eos: true,
  stream: true,
  ...extra,
});

async function textOf(response: Response): Promise<string> {
  let text = '';
  for await (const data of sseData(response)) {
    if (data !== '[DONE]') text += (JSON.parse(data) as Chunk).choices[0]?.text ?? '';
  }
  return text;
}

const GAUGES = [
  'seats_used',
  'num_requests_running',
  'num_requests_waiting',
  'num_tokens_waiting',
  'tensors',
];

const gauges = (): Promise<number[]> =>
  Promise.all(GAUGES.map((name) => metric(service.url, `tokenflare_${name}`)));

describe('streams over a real socket', () => {
  it('serves 32 at once, half of them hanging up midway, and is back at its baseline', async () => {
    const url = `${service.url}/v1/completions`;
    const alone = await textOf(await postJson(url, bodyOf('The river')));
    expect(alone.length).toBeGreaterThan(80);
    const baseline = await gauges();
    expect(baseline.slice(0, 4)).toEqual([0, 0, 0, 0]);

    const outcomes = await Promise.all(
      Array.from({ length: NUM_STREAMS }, async (_, i) => {
        const controller = new AbortController();
        const response = await postJson(url, bodyOf('The river'), { signal: controller.signal });
        expect(response.status).toBe(200);
        if (i % 2 === 0) return textOf(response);
        let numFrames = 0;
        for await (const data of sseData(response)) if (data !== '' && ++numFrames === 5) break;
        controller.abort();
        return 'gone';
      }),
    );
    // Everybody who stayed got the text of the request alone, whoever came and went beside it.
    expect(outcomes.filter((text) => text !== 'gone')).toEqual(Array<string>(NUM_STREAMS / 2).fill(alone));
    await until(async () => (await metric(service.url, 'tokenflare_seats_used')) === 0);
    expect(await gauges()).toEqual(baseline);
    expect(await metric(service.url, 'tokenflare_engine_restarts_total')).toBe(0);
  });

  it('stops computing for clients that hung up while they waited, were in prefill, or decoded', async () => {
    // The slow runtime and few seats, so that some are in each of these states when all hang up.
    await using slow = await startTestService({
      RUNTIME: 'cpu',
      MAX_NUM_SEQS: '3',
      MAX_NUM_BATCHED_TOKENS: '4',
    });
    const controllers = Array.from({ length: 24 }, () => new AbortController());
    const streams = controllers.map(({ signal }) =>
      postJson(`${slow.url}/v1/completions`, bodyOf('The river runs past the old mill. '), { signal }).then(
        textOf,
        () => 'gone',
      ),
    );
    const settled = Promise.allSettled(streams);
    await until(async () => (await metric(slow.url, 'tokenflare_generation_tokens_total')) > 0);
    for (const controller of controllers) controller.abort();
    await settled;
    await until(async () => (await metric(slow.url, 'tokenflare_num_requests_waiting')) === 0);
    await until(async () => (await metric(slow.url, 'tokenflare_seats_used')) === 0);
    // 24 streams of 80 tokens would be 1,920. What ran costs the steps that were not reported yet, and one more.
    expect(await metric(slow.url, 'tokenflare_generation_tokens_total')).toBeLessThan(500);
    expect(await metric(slow.url, 'tokenflare_wasted_tokens_total')).toBeLessThan(100);
  });

  it('gives the same text for a seed alone and in a crowd', async () => {
    const url = `${service.url}/v1/completions`;
    const seeded = bodyOf('There was once', { temperature: 1, top_p: 0.95, seed: 7 });
    const alone = await textOf(await postJson(url, seeded));
    const crowd = await Promise.all([
      ...Array.from({ length: 9 }, (_, i) =>
        postJson(url, bodyOf('The '.repeat(i + 1), { temperature: 1, seed: i + 100 })).then(textOf),
      ),
      postJson(url, seeded).then(textOf),
    ]);
    expect(crowd.at(-1)).toBe(alone);
    expect(new Set(crowd).size).toBe(crowd.length);
  });
});
