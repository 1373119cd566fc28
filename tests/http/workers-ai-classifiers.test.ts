import { describe, expect, it } from 'vitest';
import { CLOUDFLARE_MODELS } from '../../routes/workers-ai/cloudflare-models.ts';
import { TRANSCRIPT_TEMPLATE } from '../support/chat-model.ts';
import { post } from '../support/http-client.ts';
import { useScriptedService } from '../support/scripted-service.ts';
import {
  useModelTasks,
  faultOf,
  MODEL,
  CHAT,
  GPT_OSS,
  LLAMA,
  DISTILBERT,
  GUARD,
  BART,
  messages,
} from '../support/model-tasks.ts';

/** Ids of classifiers, and of models that were made to judge. */

const { on, rest, run } = useModelTasks();

describe('a classifier', () => {
  /** The probability of an option by what it says, or else by its letter. */
  const scores = (probabilityOf: (option: string, label: string) => number): void => {
    const { ownTokenizer } = on.engine;
    on.engine.reset({
      scoreOf: (tokenId, promptTokenIds) => {
        const label = ownTokenizer.decode([tokenId]);
        const prompt = ownTokenizer.decode([...promptTokenIds]);
        const [, option = ''] = new RegExp(`\\n${label}: (.*)\\n`).exec(prompt) ?? [];
        return Math.log(probabilityOf(option, label));
      },
    });
  };
  const byOption = (probabilities: Readonly<Record<string, number>>): void =>
    scores((option) => probabilities[option] ?? 0);

  it('gives the labels of its id and never an embedding', async () => {
    byOption({ negative: 0.1, positive: 0.3 });
    expect(await run(DISTILBERT, { text: 'I love it' })).toEqual([
      { label: 'NEGATIVE', score: expect.closeTo(0.25, 6) as number },
      { label: 'POSITIVE', score: expect.closeTo(0.75, 6) as number },
    ]);
  });

  it('does not mind that a model prefers a letter', async () => {
    scores((_, label) => (label === 'A' ? 0.9 : 0.1));
    const labels = (await run(DISTILBERT, { text: 'a' })) as unknown as { score: number }[];
    for (const { score } of labels) expect(score).toBeCloseTo(0.5, 6);
  });

  it.each([LLAMA, CHAT, GPT_OSS, GUARD, BART])('nor does %s embed a text', async (model) => {
    expect(faultOf(await rest(model, { text: 'I love it' }))).toMatchObject({ status: 400, code: 5004 });
  });

  it('has a label in the table for each id of the task', async () => {
    scores(() => 0.5);
    for (const id of CLOUDFLARE_MODELS.classification)
      expect((await rest(id, { text: 'a' })).status).toBe(200);
  });

  it('refuses to guess where the model prefers none of the labels', async () => {
    scores(() => 0);
    expect(faultOf(await rest(DISTILBERT, { text: 'a' }))).toMatchObject({ status: 400, code: 5024 });
    expect(faultOf(await rest(GUARD, { messages }))).toMatchObject({ status: 400, code: 5024 });
  });

  it('of hazards gives a verdict as text, and as an object with json_object', async () => {
    byOption({ safe: 0.6, hate: 0.3 });
    expect(await run(GUARD, { messages })).toMatchObject({ response: 'safe' });
    byOption({ safe: 0.2, 'violent crimes': 0.5, hate: 0.3 });
    expect(await run(GUARD, { messages })).toMatchObject({ response: 'unsafe\nS1,S10' });
    const asObject = await run(GUARD, { messages, response_format: { type: 'json_object' } });
    expect(asObject).toMatchObject({
      response: { safe: false, categories: ['S1', 'S10'] },
      usage: { completion_tokens: 0 },
    });
  });
});

describe('a model that was made to judge', () => {
  const guard = useScriptedService({
    template: `${TRANSCRIPT_TEMPLATE}{# <BEGIN UNSAFE CONTENT CATEGORIES> #}`,
    model: { contextLength: 1024 },
    config: { modelAliases: [{ name: GUARD, modelId: MODEL }] },
  });

  it.each([
    ['\n\nsafe', 'safe', { safe: true, categories: [] }],
    ['\n\nunsafe\nS1,S10', 'unsafe\nS1,S10', { safe: false, categories: ['S1', 'S10'] }],
  ])('says its own verdict: %j', async (text, words, verdict) => {
    guard.engine.reset({ text });
    const asText = await post(guard.service, `/ai/run/${GUARD}`, { messages });
    expect(asText.json).toMatchObject({ result: { response: words } });
    expect(guard.lastPrompt()).toBe('u:Hello\na:');
    const body = { messages, response_format: { type: 'json_object' } };
    const { json } = await post(guard.service, `/ai/run/${GUARD}`, body);
    expect(json).toMatchObject({ result: { response: verdict } });
  });
});
