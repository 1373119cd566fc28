import OpenAI from 'openai';
import OpenAI7 from 'openai-7';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { TRANSCRIPT_TEMPLATE } from '../support/chat-model.ts';
import { useScriptedService } from '../support/scripted-service.ts';

/** OpenAI's Responses API by the official client, in both of its majors. */

const MODEL = '@test/tiny-gpt2';
const TEXT = ' runs past the old mill';

const on = useScriptedService({
  template: TRANSCRIPT_TEMPLATE,
  model: { contextLength: 1024 },
  script: { text: TEXT },
});

const clientOptions = (): { baseURL: string; apiKey: string; maxRetries: number; fetch: typeof fetch } => ({
  baseURL: `${on.service.url}/v1`,
  apiKey: 'none',
  maxRetries: 0,
  fetch: on.fetch,
});
/** What both majors have: their types are no relatives. */
const CLIENTS = {
  'openai 6': () => new OpenAI(clientOptions()),
  'openai 7': () => new OpenAI7(clientOptions()) as unknown as OpenAI,
};
const CLIENT_NAMES = ['openai 6', 'openai 7'] as const;

describe.each(CLIENT_NAMES)('%s', (name) => {
  let client: OpenAI;
  beforeEach(() => {
    client = CLIENTS[name]();
  });

  it('reads a response, and asks for it again', async () => {
    const response = await client.responses.create({ model: MODEL, input: 'The river' });
    expect(response.output_text).toBe(TEXT);
    expect((await client.responses.retrieve(response.id)).output_text).toBe(TEXT);
    const items = await client.responses.inputItems.list(response.id);
    expect(items.data).toHaveLength(1);
    await client.responses.delete(response.id);
    await expect(client.responses.retrieve(response.id)).rejects.toMatchObject({ status: 404 });
    const count = await client.responses.inputTokens.count({ model: MODEL, input: 'The river' });
    expect(count.input_tokens).toBe(response.usage?.input_tokens);
  });

  it('accumulates a stream', async () => {
    const deltas: string[] = [];
    const runner = client.responses.stream({ model: MODEL, input: 'The river' });
    runner.on('response.output_text.delta', ({ delta }) => void deltas.push(delta));
    const response = await runner.finalResponse();
    expect(deltas.join('')).toBe(TEXT);
    expect(response).toMatchObject({ status: 'completed', output_text: TEXT });
  });

  it('has a conversation of three turns by previous_response_id', async () => {
    let previous: string | undefined;
    for (const input of ['A', 'B', 'C']) {
      const turn = previous === undefined ? {} : { previous_response_id: previous };
      previous = (await client.responses.stream({ model: MODEL, input, ...turn }).finalResponse()).id;
    }
    expect(on.lastPrompt()).toBe(`u:A\na:${TEXT}\nu:B\na:${TEXT}\nu:C\na:`);
  });

  it('has the same by sending back its own objects', async () => {
    const input: OpenAI.Responses.ResponseInputItem[] = [];
    for (const content of ['A', 'B', 'C']) {
      input.push({ role: 'user', content });
      const { output } = await client.responses.stream({ model: MODEL, input }).finalResponse();
      input.push(...(output as OpenAI.Responses.ResponseInputItem[]));
    }
    expect(on.lastPrompt()).toBe(`u:A\na:${TEXT}\nu:B\na:${TEXT}\nu:C\na:`);
  });

  it('throws what is wrong, and ends a response that fails as such', async () => {
    await expect(client.responses.create({ model: 'nothing', input: 'a' })).rejects.toMatchObject({
      status: 404,
    });
    on.engine.reset({ text: TEXT, failAfter: 1 });
    await expect(client.responses.create({ model: MODEL, input: 'a' })).rejects.toMatchObject({
      status: 500,
    });
    const response = await client.responses.stream({ model: MODEL, input: 'a' }).finalResponse();
    expect(response.status).toBe('failed');
  });

  it('cancels by hanging up', async () => {
    on.engine.reset({ text: TEXT, stallAfter: 1 });
    const options = { ...clientOptions(), fetch: globalThis.fetch };
    const plain = name === 'openai 6' ? new OpenAI(options) : (new OpenAI7(options) as unknown as OpenAI);
    const events = await plain.responses.create({ model: MODEL, input: 'a', stream: true });
    for await (const { type } of events) if (type === 'response.output_text.delta') break;
    while (on.engine.stats().numSequencesRunning > 0) await sleep(5);
    expect(on.engine.find(on.engine.requests[0]?.id ?? '')?.cancelCause).toBe('disconnect');
  });
});
