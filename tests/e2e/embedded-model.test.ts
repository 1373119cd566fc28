import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readJsonFixture } from '../support/fixtures.ts';
import { build, spawnService, urlOf, type ServiceProcess } from '../support/process.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';
import { postJson, sseData } from '../support/sse.ts';

/** Greedy texts by transformers on PyTorch (scripts/goldens/embedded.py). */
interface Golden {
  prompt: string;
  promptTokenIds: number[];
  tokenIds: number[];
  text: string;
}

interface Completion {
  choices: { text: string; token_ids: number[] }[];
  usage: { prompt_tokens: number; completion_tokens: number };
}

const goldens = readJsonFixture('embedded-completions.json') as Golden[];

describe.each(RUNTIME_NAMES_HERE)('the embedded model on %s, as it is shipped', (runtime) => {
  let service: ServiceProcess;
  let url: string;

  beforeAll(async () => {
    build();
    // In float32, in which all runtimes agree.
    service = spawnService({ MODEL: '', RUNTIME: runtime, WEIGHTS: 'f32' });
    url = `${await urlOf(service)}/v1/completions`;
  });
  afterAll(async () => {
    service.child.kill('SIGTERM');
    expect(await service.exited).toBe(0);
  });

  const bodyOf = ({ prompt, tokenIds }: Golden): object => ({
    model: 'tokenflare-tales',
    prompt,
    max_tokens: tokenIds.length,
    temperature: 0,
    return_token_ids: true,
  });

  it("gives transformers' texts, all asked for at once", async () => {
    const bodies = await Promise.all(
      goldens.map(async (golden) => (await postJson(url, bodyOf(golden))).json() as Promise<Completion>),
    );
    goldens.forEach(({ promptTokenIds, tokenIds, text }, i) => {
      expect(bodies[i]?.choices[0]).toMatchObject({ text, token_ids: tokenIds });
      expect(bodies[i]?.usage).toMatchObject({
        prompt_tokens: promptTokenIds.length,
        completion_tokens: tokenIds.length,
      });
    });
  });

  it('streams the same text, and the same bytes each time: dropout exists in training alone', async () => {
    const [golden] = goldens;
    if (golden === undefined) throw new Error('no goldens');
    const streams = await Promise.all(
      [0, 1].map(async () => {
        let text = '';
        for await (const data of sseData(await postJson(url, { ...bodyOf(golden), stream: true }))) {
          if (data !== '[DONE]') text += (JSON.parse(data) as Completion).choices[0]?.text ?? '';
        }
        return text;
      }),
    );
    expect(streams).toEqual([golden.text, golden.text]);
  });
});
