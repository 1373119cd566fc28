import Anthropic from '@anthropic-ai/sdk';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineClient } from '../../src/engine/client/engine-client.ts';
import { writeChainModel } from '../support/chain-model.ts';
import { CHAINS, startToken } from '../support/chains.ts';
import { createEngineOf } from '../support/create-engine.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';

/** Budgets of reasoning over HTTP, by the official clients, with models that say scripts on the real engine. */

const ANSWER = 'Four it is.';
const THOUGHT = 'First the apples: one, two, three.\nThen the pear \u{1F350}, and all in all';
const THINKING_CHAINS = CHAINS.map((chain) =>
  chain.name === 'thought' ? { ...chain, text: `<think>\n${THOUGHT}\n</think>\n\n${ANSWER}` } : chain,
);
/** Tokens of `<think>`. */
const NUM_OPENING_TOKENS = 2;

interface Served {
  folder: string;
  engine: EngineClient;
  service: HttpService;
  openai: OpenAI;
  anthropic: Anthropic;
}

/** @param opens the template writes the opening tag itself */
async function serve(opens: boolean): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'tokenflare-budget-'));
  await writeChainModel(folder, { chains: THINKING_CHAINS });
  if (opens) {
    const file = join(folder, 'tokenizer_config.json');
    const config = readFileSync(file, 'utf8');
    writeFileSync(file, config.replaceAll(startToken('thought'), '<think>'));
  }
  const engine = await createEngineOf({ MODEL: folder, MODEL_ID: 'chain', RUNTIME: 'cpu' });
  await engine.start();
  const service = await startHttpService(engine);
  const options = { apiKey: 'none', maxRetries: 0 };
  return {
    folder,
    engine,
    service,
    openai: new OpenAI({ ...options, baseURL: `${service.url}/v1` }),
    anthropic: new Anthropic({ ...options, baseURL: service.url }),
  };
}

async function close({ service, engine, folder }: Served): Promise<void> {
  await service.close();
  await engine.stop();
  rmSync(folder, { recursive: true, force: true });
}

const ASK = { model: 'chain', messages: [{ role: 'user' as const, content: 'think!' }], max_tokens: 200 };

interface Chat {
  reasoning: string;
  content: string;
  finish: string | null | undefined;
  numReasoningTokens: number;
  numTokens: number;
}

type Message = OpenAI.ChatCompletionMessage & { reasoning_content?: string };

const toChat = (
  message: Pick<Message, 'content' | 'reasoning_content'>,
  finish: string | null | undefined,
  usage: OpenAI.CompletionUsage | null | undefined,
): Chat => ({
  reasoning: message.reasoning_content ?? '',
  content: message.content ?? '',
  finish,
  numReasoningTokens: usage?.completion_tokens_details?.reasoning_tokens ?? 0,
  numTokens: usage?.completion_tokens ?? NaN,
});

async function chat(client: OpenAI, more: object): Promise<Chat> {
  const { choices, usage } = await client.chat.completions.create({ ...ASK, ...more, stream: false });
  return toChat(choices[0]!.message, choices[0]?.finish_reason, usage);
}

async function streamChat(client: OpenAI, more: object): Promise<Chat> {
  const options = { ...ASK, ...more, stream: true as const, stream_options: { include_usage: true } };
  const message = { content: '', reasoning_content: '' };
  let finish: string | null | undefined;
  let usage: OpenAI.CompletionUsage | null | undefined;
  for await (const chunk of await client.chat.completions.create(options)) {
    const delta = chunk.choices[0]?.delta as Partial<Message> | undefined;
    message.content += delta?.content ?? '';
    message.reasoning_content += delta?.reasoning_content ?? '';
    finish = chunk.choices[0]?.finish_reason ?? finish;
    usage = chunk.usage ?? usage;
  }
  return toChat(message, finish, usage);
}

describe.each([
  ['that opens its reasoning itself', false],
  ['whose template opens it', true],
])('a model %s', (_, opens) => {
  let served: Served;
  /** The texts of its tokens of reasoning, without a budget. */
  let pieces: string[];

  beforeAll(async () => {
    served = await serve(opens);
    const { choices } = await served.openai.chat.completions.create({ ...ASK, logprobs: true });
    const tokens = (choices[0]?.logprobs?.content ?? []).map(({ bytes }) =>
      Buffer.from(bytes ?? []).toString('latin1'),
    );
    const start = opens ? 0 : NUM_OPENING_TOKENS;
    pieces = tokens.slice(
      start,
      tokens.findIndex((token) => token.includes('</')),
    );
  });
  afterAll(() => close(served));

  const reasoningOf = (numTokens: number): string =>
    Buffer.from(pieces.slice(0, numTokens).join(''), 'latin1').toString().trim();

  it('has all its reasoning without a budget, and with one that is larger', async () => {
    expect(pieces.length).toBeGreaterThan(10);
    for (const more of [{}, { thinking_token_budget: 1000 }, { thinking_token_budget: -1 }]) {
      expect(await chat(served.openai, more)).toMatchObject({
        reasoning: reasoningOf(Infinity),
        content: ANSWER,
        finish: 'stop',
        numReasoningTokens: pieces.length,
      });
    }
  });

  it.each([0, 1, 2, 7])(
    'is ended after %d tokens of reasoning, and answers; streamed as well',
    async (budget) => {
      const whole = await chat(served.openai, { thinking_token_budget: budget });
      expect(whole).toMatchObject({
        reasoning: reasoningOf(budget),
        content: ANSWER,
        finish: 'stop',
        numReasoningTokens: budget,
      });
      expect(await streamChat(served.openai, { thinking_token_budget: budget })).toEqual(whole);
      // Tags and answer are tokens of the completion, too.
      expect(whole.numTokens).toBeGreaterThan(budget + 2);
    },
  );

  it('has the same answer at any temperature, in each choice, with logprobs', async () => {
    const more = { thinking_token_budget: 3, temperature: 1, seed: 5, n: 3, logprobs: true, top_logprobs: 2 };
    const { choices, usage } = await served.openai.chat.completions.create({ ...ASK, ...more });
    for (const { message, logprobs } of choices) {
      expect(toChat(message, '', usage)).toMatchObject({ reasoning: reasoningOf(3), content: ANSWER });
      const text = (logprobs?.content ?? []).map(({ token }) => token).join('');
      expect(text).toContain(`${pieces.slice(0, 3).join('')}</think>\n\nFour it is.`);
    }
    expect(usage?.completion_tokens_details?.reasoning_tokens).toBe(9);
  });

  it("has Anthropic's budget_tokens", async () => {
    const ask = { model: 'chain', messages: ASK.messages, max_tokens: 200 };
    for (const budget of [0, 4, 150]) {
      const body = { ...ask, thinking: { type: 'enabled' as const, budget_tokens: budget } };
      const message = await served.anthropic.messages.create(body);
      const text = { type: 'text', text: ANSWER };
      const thinking = { type: 'thinking', thinking: reasoningOf(budget) };
      expect(message.content).toMatchObject(budget === 0 ? [text] : [thinking, text]);
      expect(message).toMatchObject({
        stop_reason: 'end_turn',
        usage: { output_tokens_details: { thinking_tokens: Math.min(budget, pieces.length) } },
      });
      const streamed = await served.anthropic.messages.stream(body).finalMessage();
      expect(streamed.content).toEqual(message.content);
      // The prompt is in the cache by now.
      expect(streamed.usage.output_tokens).toBe(message.usage.output_tokens);
      expect(streamed.usage.output_tokens_details).toEqual(message.usage.output_tokens_details);
    }
  });

  it('has the budget of a response', async () => {
    const { output, usage } = await served.openai.responses.create({
      model: 'chain',
      input: 'think!',
      reasoning: { max_tokens: 2 } as OpenAI.Reasoning,
    });
    expect(output).toMatchObject([
      { type: 'reasoning', content: [{ type: 'reasoning_text', text: reasoningOf(2) }] },
      { type: 'message', content: [{ text: ANSWER }] },
    ]);
    expect(usage?.output_tokens_details.reasoning_tokens).toBe(2);
  });

  it('has reasoning within its budget before an answer in a format', async () => {
    const schema = {
      type: 'object',
      properties: { name: { type: 'string', maxLength: 80 } },
      required: ['name'],
    };
    const format = { type: 'json_schema', json_schema: { name: 'person', schema } };
    // With 30 tokens both are ended: the reasoning by its budget, the answer by its length.
    for (const max_tokens of [200, 30]) {
      const more = { thinking_token_budget: 4, response_format: format, max_tokens, temperature: 0 };
      const whole = await chat(served.openai, more);
      expect(whole).toMatchObject({ reasoning: reasoningOf(4), numReasoningTokens: 4 });
      if (max_tokens === 30) expect(whole.finish).toBe('length');
      expect(JSON.parse(whole.content)).toMatchObject({ name: expect.any(String) as string });
      expect(await streamChat(served.openai, more)).toEqual(whole);
    }
  });

  it('leaves other streams as they are', async () => {
    const count = { messages: [{ role: 'user', content: 'count' }], max_tokens: 120 };
    const alone = await streamChat(served.openai, count);
    const [beside, ...budgeted] = await Promise.all([
      streamChat(served.openai, count),
      ...[0, 3, 9].map((thinking_token_budget) => streamChat(served.openai, { thinking_token_budget })),
    ]);
    expect(beside).toEqual(alone);
    expect(budgeted.map(({ reasoning }) => reasoning)).toEqual([0, 3, 9].map(reasoningOf));
  });

  it.each([
    { reasoning: { max_tokens: 3 } },
    { thinking: { type: 'enabled', budget_tokens: 3 } },
    { enable_thinking: true, thinking_budget: 3 },
    { chat_template_kwargs: { enable_thinking: true, thinking_budget: 3 } },
  ])('turns reasoning on and bounds it: %j', async (more) => {
    const messages = [{ role: 'user', content: 'Hello' }];
    expect(await chat(served.openai, { ...more, messages })).toMatchObject({
      reasoning: reasoningOf(3),
      content: ANSWER,
    });
  });

  it('keeps a budget after the engine is another', async () => {
    // Nothing of the process before it is left.
    await served.engine.stop();
    await served.engine.start();
    expect(await chat(served.openai, { thinking_token_budget: 2 })).toMatchObject({
      reasoning: reasoningOf(2),
      content: ANSWER,
    });
  });
});
