import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChatBody } from '../../../routes/openai/schemas/chat.ts';
import type { ModelListBody } from '../../../routes/openai/schemas/models.ts';
import { train } from '../../training/train.ts';
import { readJsonFixture } from '../../../tests/support/fixtures.ts';
import { startTestService, type TestService } from '../../../tests/support/service.ts';
import { smallDocuments, smallOptions } from '../support/small-training.ts';

/** By transformers: scripts/goldens/trained_chat.py. */
interface Goldens {
  cases: { messages: object[]; addGenerationPrompt: boolean; tokenIds: number[] }[];
}

const directory = mkdtempSync(join(tmpdir(), 'tokenflare-trained-'));

describe('a model that was trained on conversations', () => {
  let service: TestService;

  beforeAll(async () => {
    writeFileSync(join(directory, 'documents.jsonl'), smallDocuments());
    const target = { corpus: ['documents.jsonl'], directory, out: 'model' };
    const longer = {
      steps: '160',
      batch: '8',
      'learning-rate': '6e-3',
      dropout: '0',
      'evaluate-every': '80',
    };
    await train(smallOptions(target, { ...longer, 'held-out': '0.1' }), new AbortController().signal);
    service = await startTestService({ MODEL: join(directory, 'model') });
  });
  afterAll(async () => {
    await service.close(0);
    rmSync(directory, { recursive: true });
  });

  const chat = (body: object): Promise<Response> =>
    fetch(`${service.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  it('answers by its own template, and ends its turn itself', async () => {
    const [golden] = (readJsonFixture('trained-chat', 'expected.json') as Goldens).cases;
    const messages = golden?.messages;
    const response = await chat({ messages, temperature: 0, return_token_ids: true });
    expect(response.status).toBe(200);
    const { choices, usage } = (await response.json()) as ChatBody;
    expect(usage.prompt_tokens).toBe(golden?.tokenIds.length);
    expect(choices[0]?.finish_reason).toBe('stop');
    expect(choices[0]?.message.content).toMatch(/^The fox [a-z ]+\.$/);
  });

  it('says how it chats and is sampled', async () => {
    const response = await fetch(`${service.url}/v1/models`);
    const { data } = (await response.json()) as ModelListBody;
    expect(data[0]).toMatchObject({ chat_template: 'own', generation_defaults: { temperature: 0.7 } });
  });
});
