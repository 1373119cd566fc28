import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ChatBody } from '../../routes/openai/schemas/chat.ts';
import type { ModelListBody } from '../../routes/openai/schemas/models.ts';
import { TINY_TEMPLATE } from '../support/chat-model.ts';
import { fixturePath } from '../support/fixtures.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { postJson } from '../support/sse.ts';
import { tempDirectory } from '../support/temp-directory.ts';

/** How tokens are drawn where a request does not say it: the whole service with a tiny Llama that says to be SmolLM2. */

const LLAMA = fixturePath('tiny-llama', 'gqa');

function smollm2(generationConfig?: object): string {
  const folder = tempDirectory();
  const config = JSON.parse(readFileSync(join(LLAMA, 'config.json'), 'utf8')) as object;
  const write = (name: string, json: object): void => writeFileSync(join(folder, name), JSON.stringify(json));
  write('config.json', { ...config, _name_or_path: 'HuggingFaceTB/SmolLM2-135M-Instruct' });
  write('tokenizer_config.json', { bos_token: '<|endoftext|>', chat_template: TINY_TEMPLATE });
  if (generationConfig !== undefined) write('generation_config.json', generationConfig);
  cpSync(join(LLAMA, 'model.safetensors'), join(folder, 'model.safetensors'));
  cpSync(fixturePath('tiny-gpt2', 'tokenizer.json'), join(folder, 'tokenizer.json'));
  return folder;
}

/** The tokens of an answer that a seed draws. */
async function tokensOf({ url }: TestService, fields: object = {}): Promise<readonly number[] | undefined> {
  const body = {
    messages: [{ role: 'user', content: 'The river' }],
    max_tokens: 60,
    seed: 7,
    ignore_eos: true,
    return_token_ids: true,
    ...fields,
  };
  const answer = await postJson(`${url}/v1/chat/completions`, body);
  expect(answer.status, await answer.clone().text()).toBe(200);
  return ((await answer.json()) as ChatBody).choices[0]?.token_ids ?? undefined;
}

async function listed({ url }: TestService) {
  const { data } = (await (await fetch(`${url}/v1/models`)).json()) as ModelListBody;
  return data[0];
}

const OPENAI = { temperature: 1, top_p: 1, top_k: 0, min_p: 0, repetition_penalty: 1 };
const FAMILY = { ...OPENAI, temperature: 0.2, top_p: 0.9 };

describe('a request that does not say how tokens are drawn', () => {
  it("has its model's family's values, which a field of its own wins over", async () => {
    await using service = await startTestService({ MODEL: smollm2() });
    expect(await tokensOf(service)).toEqual(await tokensOf(service, FAMILY));
    expect(await tokensOf(service)).not.toEqual(await tokensOf(service, OPENAI));
    expect(await tokensOf(service, { temperature: 1, top_p: 1 })).toEqual(await tokensOf(service, OPENAI));
    expect(await listed(service)).toMatchObject({
      generation_defaults: { temperature: 0.2, top_p: 0.9 },
      generation_source: {
        from: 'family',
        note: expect.stringMatching(
          /^temperature 0\.2, top_p 0\.9: for SmolLM2, by the model card .*; GENERATION_CONFIG=/,
        ) as string,
      },
    });
  });

  it.each([
    ['/v1/responses', { input: 'The river', max_output_tokens: 60 }],
    ['/v1/messages', { messages: [{ role: 'user', content: 'The river' }], max_tokens: 60 }],
  ])('has them at %s, too', async (path, body) => {
    await using service = await startTestService({ MODEL: smollm2() });
    const textOf = async (fields: object = {}): Promise<string | undefined> => {
      const answer = await postJson(`${service.url}${path}`, { ...body, seed: 7, ...fields });
      const json = (await answer.json()) as { content?: object[]; output?: object[] };
      return JSON.stringify((json.content ?? json.output)?.map((item) => ({ ...item, id: '' })));
    };
    const text = await textOf();
    expect(text).toBe(await textOf({ temperature: 0.2, top_p: 0.9 }));
    expect(text).not.toBe(await textOf({ temperature: 1, top_p: 1 }));
  });

  it('has what was drawn by in a response', async () => {
    await using service = await startTestService({ MODEL: smollm2() });
    const answer = await postJson(`${service.url}/v1/responses`, {
      input: 'The river',
      max_output_tokens: 2,
    });
    expect(await answer.json()).toMatchObject({ temperature: 0.2, top_p: 0.9 });
  });

  it("has those of the model's own generation_config.json in their place", async () => {
    await using service = await startTestService({ MODEL: smollm2({ temperature: 0.7 }) });
    expect(await tokensOf(service)).toEqual(await tokensOf(service, { ...OPENAI, temperature: 0.7 }));
    expect(await tokensOf(service)).not.toEqual(await tokensOf(service, FAMILY));
    expect((await listed(service))?.generation_source?.from).toBe('model');
  });

  it("has those of the operator's file in the place of both", async () => {
    const file = join(tempDirectory(), 'sampling.json');
    writeFileSync(file, JSON.stringify({ temperature: 0.5, top_k: 3, eos_token_id: 1 }));
    const settings = { MODEL: smollm2({ temperature: 0.7 }), GENERATION_CONFIG: file };
    await using service = await startTestService(settings);
    const given = { ...OPENAI, temperature: 0.5, top_k: 3 };
    expect(await tokensOf(service)).toEqual(await tokensOf(service, given));
    expect(await listed(service)).toMatchObject({
      generation_defaults: { temperature: 0.5, top_k: 3 },
      generation_source: { from: 'setting' },
    });
  });

  it("has OpenAI's where the operator says so", async () => {
    await using service = await startTestService({ MODEL: smollm2(), GENERATION_CONFIG: 'openai' });
    expect(await tokensOf(service)).toEqual(await tokensOf(service, OPENAI));
    expect((await listed(service))?.generation_source?.from).toBe('openai');
  });

  it('has temperature 1 where nobody says more, and the list of models says what sets another', async () => {
    await using service = await startTestService();
    expect(await tokensOf(service)).toEqual(await tokensOf(service, OPENAI));
    expect(await listed(service)).toMatchObject({
      generation_defaults: {},
      generation_source: {
        from: 'none',
        note: expect.stringMatching(
          /^temperature 1: .* GENERATION_CONFIG=FILE\.json sets another$/,
        ) as string,
      },
    });
  });
});

it('does not start with a file that says nothing of sampling, or with another word', async () => {
  const file = join(tempDirectory(), 'sampling.json');
  writeFileSync(file, '{"temprature":0.5}');
  const refusal = { code: 'config_invalid' };
  await expect(startTestService({ GENERATION_CONFIG: file })).rejects.toMatchObject(refusal);
  await expect(startTestService({ GENERATION_CONFIG: 'modle' })).rejects.toThrow(/must be model, openai, or/);
});
