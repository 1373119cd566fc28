import assert from 'node:assert/strict';
import { ASK, check, setup } from './check.mjs';

/** Ids of Cloudflare's, each answered in its own shape; all are aliases of one model. */

const { texts } = setup;
const CHAT = '@cf/zai-org/glm-4.7-flash';
const messages = [{ role: 'user', content: ASK.plain }];

/** @param run from a model's id and inputs to the result */
export async function checkTasks(run) {
  await check('run: a chat-shaped id', async () => {
    const result = await run(CHAT, { messages });
    assert.equal(result.object, 'chat.completion');
    assert.equal(result.choices[0].message.content, texts.plain);
    assert.equal('response' in result, false);
  });

  await check('run: an id of responses', async () => {
    const { object, output } = await run('@cf/openai/gpt-oss-20b', { input: ASK.plain });
    assert.equal(object, 'response');
    assert.equal(output.at(-1).content[0].text, texts.plain);
  });

  await check('run: a classifier', async () => {
    const labels = await run('@cf/huggingface/distilbert-sst-2-int8', { text: 'I love it' });
    assert.deepEqual(
      labels.map(({ label }) => label),
      ['NEGATIVE', 'POSITIVE'],
    );
    assert.ok(Math.abs(labels[0].score + labels[1].score - 1) < 1e-6);
  });

  await check('run: a summary', async () => {
    const { summary } = await run('@cf/facebook/bart-large-cnn', { input_text: 'The tower is high.' });
    assert.equal(summary, texts.plain);
  });

  await check('run: a translation', async () => {
    const inputs = { text: 'La tour est haute.', source_lang: 'fr', target_lang: 'en' };
    assert.deepEqual(await run('@cf/meta/m2m100-1.2b', inputs), { translated_text: texts.plain });
  });
}
