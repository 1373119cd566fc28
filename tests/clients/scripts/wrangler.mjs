import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { getPlatformProxy } from 'wrangler';
import { check, setup } from './check.mjs';
import { checkEnd, checkNotes, checkTool, freePort, NOTES, Tool } from './tool.mjs';
import { ALIASES } from './worker-asks.mjs';

const { client, plugin, tokenflare, url, texts } = setup;
const WRANGLER = 'node_modules/wrangler/bin/wrangler.js';

/** In a file beside the configuration that is deployed, and in an environment of that. */
const binding = {
  name: 'AI',
  type: 'ai',
  dev: { plugin: { package: plugin, name: 'tokenflare-ai' }, options: { url, models: ALIASES(setup) } },
};
const { ai, ...config } = JSON.parse(readFileSync('wrangler.jsonc', 'utf8').replace(/,(\s*})/g, '$1'));
const unsafe = { bindings: [binding] };
writeFileSync('wrangler.local.json', JSON.stringify({ ...config, unsafe }));
writeFileSync('wrangler.env.json', JSON.stringify({ ...config, ai, env: { local: { unsafe } } }));

async function start(args) {
  const port = await freePort();
  return new Tool([...args, '--port', String(port), '--ip', '127.0.0.1', '--inspector-port', '0'], { port });
}

const configured = await start([WRANGLER, 'dev', '-c', 'wrangler.local.json']);
await checkTool('wrangler dev -c wrangler.local.json', configured);
await checkEnd('wrangler dev -c wrangler.local.json', configured);

const aliases = Object.entries(ALIASES(setup)).map((alias) => alias.join('='));
const command = await start([tokenflare, 'wrangler', '--url', url, '--model-aliases', aliases.join(), 'dev']);
await checkTool('tokenflare wrangler dev', command);
await checkEnd('tokenflare wrangler dev', command);

const index = `notes-of-a-worker=${NOTES.dimensions},${NOTES.metric}`;
const alone = await start([tokenflare, 'wrangler', '--index', index, 'dev']);
await check('tokenflare wrangler dev: says first what answers', async () => {
  await alone.ready();
  assert.match(alone.said, /^tokenflare: wrangler \d.* in its process: @cf\/\* is tokenflare-tales, /);
  const answer = await alone.ask('run', [
    '@cf/meta/llama-3.1-8b-instruct',
    { prompt: 'Once', max_tokens: 4 },
  ]);
  assert.equal((await answer.json()).usage.completion_tokens, 4);
});
await checkNotes('tokenflare wrangler dev', alone);
await checkEnd('tokenflare wrangler dev, alone', alone);

await check('getPlatformProxy', async () => {
  const { env, dispose } = await getPlatformProxy({
    configPath: 'wrangler.env.json',
    environment: 'local',
  });
  const messages = [{ role: 'user', content: 'How high is the tower?' }];
  const { response } = await env.AI.run('@cf/vendor/some-model-8b', { messages });
  assert.equal(response, texts.plain);
  const refused = await env.AI.run('@cf/nobody/nothing', { prompt: 'a' }).catch((error) => error);
  assert.match(refused.message, /^5007: /);
  await dispose();
});

if (client === 'wrangler-newest') {
  const { checkMore } = await import('./wrangler-more.mjs');
  await checkMore(start);
}
