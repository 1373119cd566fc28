import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { ASK, MANY_TOKENS, check, setup, untilIdle } from './check.mjs';
import { contentOf } from './wire-checks.mjs';

const { url, model, texts } = setup;
const run = promisify(execFile);
/** As documentation writes it: curl sets the content type of a form unless it is told. */
const chat = (body) => [
  `${url}/v1/chat/completions`,
  '-H',
  'Content-Type: application/json',
  '-d',
  JSON.stringify({ model, ...body }),
];
const user = (content) => [{ role: 'user', content }];

await check('chat', async () => {
  const { stdout } = await run('curl', ['-sS', '--fail-with-body', ...chat({ messages: user(ASK.plain) })]);
  assert.equal(JSON.parse(stdout).choices[0].message.content, texts.plain);
});

await check('chat: streamed', async () => {
  const { stdout } = await run('curl', ['-sSN', ...chat({ messages: user(ASK.plain), stream: true })]);
  assert.equal(contentOf(stdout), texts.plain);
});

await check('models: HEAD', async () => {
  const { stdout } = await run('curl', [
    '-sS',
    '-o',
    '/dev/null',
    '-w',
    '%{http_code}',
    '-I',
    `${url}/v1/models`,
  ]);
  assert.equal(stdout, '200');
});

await check('chat: a stream ended by the client', async () => {
  const child = spawn('curl', [
    '-sSN',
    ...chat({ messages: user(ASK.endless), stream: true, max_tokens: MANY_TOKENS }),
  ]);
  await once(child.stdout, 'data');
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  await ended;
  await untilIdle();
});

await check('errors', async () => {
  const body = chat({ messages: user(ASK.plain), temperature: 9 });
  const failed = await run('curl', ['-sS', '--fail-with-body', ...body]).catch((error) => error);
  assert.equal(failed.code, 22);
  assert.equal(JSON.parse(failed.stdout).error.param, 'temperature');
});
