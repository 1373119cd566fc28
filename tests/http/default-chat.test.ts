import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChatBody } from '../../routes/openai/schemas/chat.ts';
import type { CompletionBody } from '../../routes/openai/schemas/completions.ts';
import type { ModelListBody } from '../../routes/openai/schemas/models.ts';
import { fixturePath } from '../support/fixtures.ts';
import { sseData } from '../support/openapi-validator.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { tempDirectory } from '../support/temp-directory.ts';

/** The whole service with a model that has no chat template. */

const messages = [{ role: 'user', content: 'The river' }];

async function send(
  service: TestService,
  path: string,
  body?: object,
): Promise<{ status: number; text: string }> {
  const response = await fetch(
    service.url + path,
    body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
  );
  return { status: response.status, text: await response.text() };
}

/** The tiny model with a generation_config.json. */
const tuned = mkdtempSync(join(tmpdir(), 'tokenflare-tuned-'));
for (const file of ['config.json', 'model.safetensors', 'tokenizer.json']) {
  cpSync(fixturePath('tiny-gpt2', file), join(tuned, file));
}
writeFileSync(join(tuned, 'generation_config.json'), JSON.stringify({ temperature: 0, max_new_tokens: 5 }));
afterAll(() => rmSync(tuned, { recursive: true, force: true }));

describe('a service as it starts', () => {
  let service: TestService;
  beforeAll(async () => (service = await startTestService({ MODEL: tuned })));
  afterAll(() => service.close(0));

  it("chats by the built-in template, and by the defaults of the model's files", async () => {
    const answers = await Promise.all(
      [1, 2].map(async () => send(service, '/v1/chat/completions', { messages })),
    );
    const [first, second] = answers.map(({ text }) => JSON.parse(text) as ChatBody);
    expect(first?.usage.completion_tokens).toBe(5);
    // Temperature 0: without a seed, and the same.
    expect(first?.choices).toEqual(second?.choices);
  });

  it('says so in the list of models', async () => {
    const { data } = JSON.parse((await send(service, '/v1/models')).text) as ModelListBody;
    expect(data[0]).toMatchObject({
      chat_template: 'builtin',
      tokenizer: { type: 'BPE', vocab_size: 384 },
      generation_defaults: { temperature: 0, max_tokens: 5 },
    });
  });

  it('ends at the tokens that a client names', async () => {
    const body = { prompt: 'The river', max_tokens: 12, return_token_ids: true, ignore_eos: true };
    const whole = JSON.parse((await send(service, '/v1/completions', body)).text) as CompletionBody;
    const [choice] = whole.choices;
    const ids = choice?.token_ids ?? [];
    expect(choice?.finish_reason).toBe('length');
    const index = ids.findIndex((id, i) => i >= 3 && ids.indexOf(id) === i);
    const stopped = await send(service, '/v1/completions', { ...body, stop_token_ids: [ids[index]] });
    expect((JSON.parse(stopped.text) as CompletionBody).choices[0]).toMatchObject({
      token_ids: ids.slice(0, index + 1),
      finish_reason: 'stop',
    });
  });

  it.each([
    ['/v1/completions', { prompt: 'The river' }, 1],
    ['/v1/chat/completions', { messages }, 2],
  ] as const)('has a frame for each token where a client asks: %s', async (path, fields, numOthers) => {
    const body = { ...fields, max_tokens: 40, ignore_eos: true, stream: true };
    const streamed = await send(service, path, { ...body, stream_options: { every_token: true } });
    expect(sseData(streamed.text)).toHaveLength(40 + numOthers);
  });
});

describe('by settings', () => {
  it('refuses to chat, and names a model that chats', async () => {
    await using service = await startTestService({ CHAT_TEMPLATE: 'refuse' });
    const { status, text } = await send(service, '/v1/chat/completions', { messages });
    expect(status).toBe(400);
    expect(text).toContain('tokenflare pull HuggingFaceTB/SmolLM2-135M-Instruct');
    const { data } = JSON.parse((await send(service, '/v1/models')).text) as ModelListBody;
    expect(data[0]?.chat_template).toBeNull();
  });

  it("chats by a file, with OpenAI's defaults", async () => {
    const file = join(tempDirectory(), 'chat.jinja');
    writeFileSync(file, '{{ messages[0].content }}');
    await using service = await startTestService({
      MODEL: tuned,
      CHAT_TEMPLATE: 'file',
      CHAT_TEMPLATE_FILE: file,
      GENERATION_CONFIG: 'openai',
    });
    const options = { max_tokens: 9, temperature: 0, return_token_ids: true, ignore_eos: true };
    const chat = await send(service, '/v1/chat/completions', { messages, ...options });
    const completion = await send(service, '/v1/completions', { prompt: 'The river', ...options });
    const ofChat = JSON.parse(chat.text) as ChatBody;
    const ofText = JSON.parse(completion.text) as CompletionBody;
    expect(ofChat.choices[0]?.token_ids).toEqual(ofText.choices[0]?.token_ids);
    expect(ofChat.choices[0]?.token_ids).toHaveLength(9);
    const { data } = JSON.parse((await send(service, '/v1/models')).text) as ModelListBody;
    expect(data[0]).toMatchObject({ chat_template: 'file', generation_defaults: {} });
    expect(data[0]?.generation_defaults).toEqual({});
  });

  it('does not start with a template that cannot be read', async () => {
    await expect(
      startTestService({ CHAT_TEMPLATE: 'file', CHAT_TEMPLATE_FILE: '/nowhere.jinja' }),
    ).rejects.toMatchObject({ code: 'config_invalid' });
  });
});
