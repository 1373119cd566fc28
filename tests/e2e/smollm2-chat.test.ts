import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelListBody } from '../../routes/openai/schemas/models.ts';
import { LEAST_MATCH } from '../../src/scheduler/pages/prefix-tree.ts';
import { readJsonFixture } from '../support/fixtures.ts';
import { build, spawnService, urlOf, type ServiceProcess } from '../support/process.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';
import { smollm2Gguf } from '../support/smollm2.ts';

/** What transformers answers greedily with the weights widened to float32: scripts/goldens/smollm2.py. */
const { conversation } = readJsonFixture('smollm2-transformers.json') as {
  conversation: { role: 'system' | 'user' | 'assistant'; content: string }[];
};
/** Of ten turns: on a busy machine they take some minutes. */
const TURNS_LIMIT_MS = 600_000;

const QUESTIONS = conversation.filter(({ role }) => role === 'user').map(({ content }) => content);
const ANSWERS = conversation.filter(({ role }) => role === 'assistant').map(({ content }) => content);

interface Turn {
  text: string;
  numChunks: number;
  finishReason: string | null;
  promptTokens: number;
  completionTokens: number;
  cachedTokens: number;
}

async function ask(client: OpenAI, messages: OpenAI.ChatCompletionMessageParam[]): Promise<Turn> {
  const stream = await client.chat.completions.create({
    model: 'smollm2',
    messages,
    temperature: 0,
    max_completion_tokens: 40,
    stream: true,
    stream_options: { include_usage: true },
  });
  const turn = { text: '', numChunks: 0, finishReason: null as string | null };
  let usage: OpenAI.CompletionUsage | undefined;
  for await (const chunk of stream) {
    const [choice] = chunk.choices;
    if (choice?.delta.content) {
      turn.text += choice.delta.content;
      turn.numChunks++;
    }
    turn.finishReason = choice?.finish_reason ?? turn.finishReason;
    usage = chunk.usage ?? usage;
  }
  return {
    ...turn,
    promptTokens: usage?.prompt_tokens ?? NaN,
    completionTokens: usage?.completion_tokens ?? NaN,
    cachedTokens: usage?.prompt_tokens_details?.cached_tokens ?? NaN,
  };
}

const gguf = await smollm2Gguf();
const FAST = RUNTIME_NAMES_HERE.find((name) => name === 'tensorflow' || name === 'wasm');

describe.skipIf(gguf.path === undefined || FAST === undefined)(
  'ten turns with SmolLM2 by the official client',
  () => {
    let service: ServiceProcess;
    let turns: Turn[];

    beforeAll(async () => {
      build();
      service = spawnService({
        MODEL: gguf.path ?? '',
        MODEL_ID: 'smollm2',
        RUNTIME: FAST ?? '',
        WEIGHTS: 'f32',
        MAX_MODEL_LEN: '1024',
        MAX_NUM_SEQS: '2',
        // A draft's tokens come in one chunk: chunks are counted here.
        SPECULATION: 'off',
      });
      const client = new OpenAI({ baseURL: `${await urlOf(service)}/v1`, apiKey: 'none', maxRetries: 0 });
      const messages: OpenAI.ChatCompletionMessageParam[] = conversation.filter(
        ({ role }) => role === 'system',
      );
      turns = [];
      for (const content of QUESTIONS) {
        messages.push({ role: 'user', content });
        const turn = await ask(client, messages);
        turns.push(turn);
        messages.push({ role: 'assistant', content: turn.text });
      }
    }, TURNS_LIMIT_MS);
    afterAll(async () => {
      service.child.kill('SIGTERM');
      expect(await service.exited).toBe(0);
    });

    it('gives the answers of transformers, whole sentences that end by themselves, in many chunks', () => {
      expect(turns).toHaveLength(10);
      expect(turns.map(({ text }) => text)).toEqual(ANSWERS);
      for (const { numChunks, completionTokens, finishReason } of turns) {
        expect(finishReason).toBe('stop');
        expect(numChunks).toBeGreaterThan(completionTokens / 2);
      }
    });

    it("is drawn by its publisher's values where a request has none, and the start says so", async () => {
      expect(service.stderr()).toContain(
        'Sampling: temperature 0.2, top_p 0.9: for SmolLM2, by the model card',
      );
      const { data } = (await (await fetch(`${await urlOf(service)}/v1/models`)).json()) as ModelListBody;
      expect(data[0]?.generation_source?.from).toBe('family');
    });

    it('computes no turn twice: what was asked before is in the cache, and what was answered', () => {
      expect(turns[0]?.cachedTokens).toBe(0);
      const followed = turns.slice(1).map((turn, index) => ({ turn, before: turns[index]! }));
      for (const { turn, before } of followed) {
        // But for the few first tokens of a page.
        expect(turn.cachedTokens).toBeGreaterThan(before.promptTokens - LEAST_MATCH);
        expect(turn.cachedTokens).toBeLessThan(turn.promptTokens);
      }
      // The answer's own tokens, too, but for the last, from which nothing was computed. Not always: a text may come back
      // as other tokens than those that were chosen ("S'illez").
      const whole = followed.filter(
        ({ turn, before }) =>
          turn.cachedTokens >= before.promptTokens + before.completionTokens - LEAST_MATCH,
      );
      expect(whole.length).toBeGreaterThanOrEqual(7);
    });
  },
);
