import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { ASK, check, setup } from './check.mjs';

/**
 * Cloudflare's own class behind `env.AI.gateway(id)`, with a service in the place of its upstream. Of workerd's own tests
 * (src/cloudflare/internal/test/aig/aig-api-test.js) these cases are here: getUrl; getLog, with `created_at` as a Date; getLog
 * and patchLog of a log that there is not (AiGatewayLogNotFound); run with one request, with its headers as numbers and
 * objects, with global options and headers; a signal that is aborted before and during a run. Not here: their mock's status
 * 500, which this service does not give on demand.
 */

const { url, model, texts } = setup;
const user = (content) => [{ role: 'user', content }];
const GATEWAY = 'my-gateway';

/** @param ask calls a method of `env.AI`, or of its gateway, in a Worker */
export async function checkGateway(ask) {
  const gateway = async (method, ...args) => (await ask(method, args, { gateway: GATEWAY })).json();
  const step = (fields = {}) => ({
    provider: 'workers-ai',
    endpoint: model,
    headers: { Authorization: 'Bearer abcde', 'Content-Type': 'application/json' },
    query: { messages: user(ASK.plain) },
    ...fields,
  });
  let logId;

  await check('run: with a gateway', async () => {
    // Of this run: other clients ask the same of the same service.
    const cacheKey = randomUUID();
    const options = {
      gateway: { id: GATEWAY, metadata: { team: 'a' }, eventId: 'e', cacheTtl: 60, cacheKey },
    };
    const { headers, json } = await ask('run', [model, { messages: user(ASK.plain) }, options]);
    assert.equal((await json()).response, texts.plain);
    logId = headers.get('x-log');
    assert.match(logId, /^[\dA-Z]{26}$/);
    const again = await ask(
      'run',
      [model, { messages: user(ASK.plain) }, { ...options, returnRawResponse: true }],
      {
        raw: true,
      },
    );
    assert.equal((await again.json()).response, texts.plain);
    assert.notEqual(again.headers.get('x-log'), logId);
    assert.equal((await gateway('getLog', again.headers.get('x-log'))).cached, true);
  });

  await check('run: with a gateway, streamed', async () => {
    const inputs = { messages: user(ASK.plain), stream: true };
    const { response, headers } = await ask('run', [model, inputs, { gateway: { id: GATEWAY } }]);
    assert.match(await response.text(), /data: \[DONE\]/);
    assert.equal((await gateway('getLog', headers.get('x-log'))).success, true);
  });

  await check('gateway.getUrl', async () => {
    const base = `${url}/gateway/local/${GATEWAY}`;
    assert.deepEqual([await gateway('getUrl', 'openai'), await gateway('getUrl')], [`${base}/openai`, base]);
    const response = await fetch(`${await gateway('getUrl', 'openai')}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: user(ASK.plain) }),
    });
    assert.equal((await response.json()).choices[0].message.content, texts.plain);
  });

  await check('gateway.getLog and patchLog', async () => {
    assert.equal(await gateway('patchLog', logId, { feedback: 1, score: 80 }), null);
    const { headers, json } = await ask('getLog', [logId], { gateway: GATEWAY });
    assert.equal(headers.get('x-is-date'), 'yes');
    const log = await json();
    assert.deepEqual(
      [log.id, log.provider, log.model, log.metadata, log.event_id, log.cached, log.success, log.step],
      [logId, 'workers-ai', model, { team: 'a' }, 'e', false, true, 0],
    );
    assert.deepEqual([log.feedback, log.score], [1, 80]);
    assert.ok(log.tokens_in > 0 && log.tokens_out > 0 && log.request_size > 0 && log.response_size > 0);
  });

  await check('gateway: a log that there is not', async () => {
    for (const [method, ...args] of [
      ['getLog', '404'],
      ['patchLog', '404', { feedback: -1 }],
    ]) {
      const { name, message } = await gateway(method, ...args);
      assert.equal(name, 'AiGatewayLogNotFound');
      assert.match(message, /no log '404'/);
    }
    const { name } = await gateway('patchLog', logId, { feedback: 7 });
    assert.equal(name, 'AiGatewayInternalError');
  });

  await check('gateway.run', async () => {
    const headers = {
      ...step().headers,
      'cf-aig-metadata': { user: 123 },
      'cf-aig-custom-cost': { total_cost: 1.22 },
      'cf-aig-skip-cache': false,
      'cf-aig-cache-ttl': 123,
    };
    const { response } = await ask('run', [step({ headers })], { gateway: GATEWAY });
    assert.equal((await response.json()).result.response, texts.plain);
    const log = await gateway('getLog', response.headers.get('cf-aig-log-id'));
    assert.deepEqual([log.metadata, log.cost, log.custom_cost], [{ user: 123 }, 1.22, true]);
    const options = { gateway: { skipCache: false, cacheTtl: 123 }, extraHeaders: { 'x-custom': 'stuff' } };
    const cached = await ask('run', [step(), options], { gateway: GATEWAY });
    assert.equal(cached.headers.get('cf-aig-cache-status'), 'HIT');
  });

  await check('gateway.run: the first that answers well', async () => {
    const bad = {
      ...step(),
      provider: 'openai',
      endpoint: 'chat/completions',
      query: { model: 'nobody', messages: [] },
    };
    const { response } = await ask('run', [[bad, step()]], { gateway: GATEWAY });
    assert.equal(response.headers.get('cf-aig-step'), '1');
    assert.equal((await response.json()).result.response, texts.plain);
  });

  await check('gateway.run: a signal', async () => {
    const endless = step({ query: { messages: user(ASK.endless), max_tokens: 50_000 } });
    for (const abortMs of [0, 200]) {
      const { json } = await ask('run', [endless], { gateway: GATEWAY, abortMs });
      assert.match((await json()).name, /^(?:AbortError|TimeoutError)$/);
    }
  });
}
