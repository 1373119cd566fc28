import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { ASK, check, setup } from './check.mjs';
import { checkEnd } from './tool.mjs';

const { embeddingModel, model, tokenflare, url } = setup;

/** What is not asked of every version of wrangler: it takes long. */
export async function checkMore(start) {
  const call = [tokenflare, 'wrangler', '--url', url, 'dev'];
  const [one, other] = [await start(call), await start(call)];
  await check('two at once', async () => {
    await Promise.all([one.ready(), other.ready()]);
    const answers = await Promise.all(
      [one, other].map(({ ask }) => ask('run', [embeddingModel, { text: 'a' }])),
    );
    for (const answer of answers) assert.equal((await answer.json()).shape[0], 1);
  });
  await checkEnd('the second of two', other);

  await check('a change of the Worker in the middle of a stream', async () => {
    const inputs = { messages: [{ role: 'user', content: ASK.endless }], stream: true, max_tokens: 20_000 };
    const streamed = await one.ask('run', [model, inputs]);
    const reader = streamed.body.getReader();
    await reader.read();
    writeFileSync('src/index.mjs', `${readFileSync('src/index.mjs', 'utf8')}\n`);
    // It goes on to its end or breaks; it never hangs.
    const drain = async () => {
      while (!(await reader.read()).done);
    };
    await drain().catch(() => undefined);
    const answer = await one.ask('run', [embeddingModel, { text: 'a' }]);
    assert.equal((await answer.json()).shape[0], 1);
  });
  await checkEnd('the first of two', one);
}
