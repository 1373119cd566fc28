import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readJsonFixture } from '../support/fixtures.ts';
import { build, spawnService, urlOf, type ServiceProcess } from '../support/process.ts';
import { RUNTIMES } from '../support/runtimes.ts';
import { postJson, sseData } from '../support/sse.ts';

/** Greedy texts and answers by transformers on PyTorch (scripts/goldens/embedded.py). */
interface Golden {
  promptTokenIds: number[];
  tokenIds: number[];
  text: string;
}
interface Goldens {
  completions: (Golden & { prompt: string })[];
  /** `ends`: the model ended its answer itself, behind these tokens. */
  chats: (Golden & { messages: { role: string; content: string }[]; ends: boolean })[];
}

interface Answer {
  choices: {
    text?: string;
    message?: { content: string };
    token_ids: number[];
    finish_reason: string;
  }[];
  usage: { prompt_tokens: number; completion_tokens: number };
}

const { completions, chats } = readJsonFixture('embedded-model.json') as Goldens;
const GREEDY = { model: 'tokenflare-tales', temperature: 0, return_token_ids: true };

describe.each([...new Set(RUNTIMES.map(({ name }) => name))])(
  'the embedded model on %s, as it is shipped',
  (runtime) => {
    let service: ServiceProcess;
    let url: string;

    beforeAll(async () => {
      build();
      // In float32, in which all runtimes agree.
      service = spawnService({ MODEL: '', RUNTIME: runtime, WEIGHTS: 'f32' });
      url = await urlOf(service);
    });
    afterAll(async () => {
      service.child.kill('SIGTERM');
      expect(await service.exited).toBe(0);
    });

    const complete = (body: object): Promise<Response> => postJson(`${url}/v1/completions`, body);
    const bodyOf = ({ prompt, tokenIds }: Goldens['completions'][number]): object => ({
      ...GREEDY,
      prompt,
      max_tokens: tokenIds.length,
    });

    it("gives transformers' texts, all asked for at once", async () => {
      const answers = await Promise.all(
        completions.map(async (golden) => (await complete(bodyOf(golden))).json() as Promise<Answer>),
      );
      completions.forEach(({ promptTokenIds, tokenIds, text }, i) => {
        expect(answers[i]?.choices[0]).toMatchObject({ text, token_ids: tokenIds });
        expect(answers[i]?.usage).toMatchObject({
          prompt_tokens: promptTokenIds.length,
          completion_tokens: tokenIds.length,
        });
      });
    });

    it("gives transformers' answers to conversations, and ends them where it does", async () => {
      const answers = await Promise.all(
        chats.map(async ({ messages, tokenIds, ends }) => {
          const max_tokens = ends ? tokenIds.length + 1 : tokenIds.length;
          const response = await postJson(`${url}/v1/chat/completions`, { ...GREEDY, messages, max_tokens });
          return (await response.json()) as Answer;
        }),
      );
      expect(chats.filter(({ ends }) => ends).length).toBeGreaterThan(chats.length / 2);
      chats.forEach(({ promptTokenIds, text, ends }, i) => {
        expect(answers[i]?.choices[0]?.message?.content).toBe(text);
        expect(answers[i]?.choices[0]?.finish_reason).toBe(ends ? 'stop' : 'length');
        expect(answers[i]?.usage.prompt_tokens).toBe(promptTokenIds.length);
      });
    });

    it('streams the same text, and the same bytes each time: dropout exists in training alone', async () => {
      const [golden] = completions;
      if (golden === undefined) throw new Error('no goldens');
      const streams = await Promise.all(
        [0, 1].map(async () => {
          let text = '';
          for await (const data of sseData(await complete({ ...bodyOf(golden), stream: true }))) {
            if (data !== '[DONE]') text += (JSON.parse(data) as Answer).choices[0]?.text ?? '';
          }
          return text;
        }),
      );
      expect(streams).toEqual([golden.text, golden.text]);
    });
  },
);
