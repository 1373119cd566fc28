import { describe, expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { groupOf } from '../../src/fairness/client-id.ts';
import { type HttpService } from '../support/http-service.ts';
import { until } from '../support/service.ts';
import { useEdge, send, type SendOptions } from '../support/edge.ts';

/** Who a client is, and what clients see of each other. */

const on = useEdge();

describe('a client', () => {
  /** The client ids under which the engine was asked for slots. */
  async function clientsOf(service: HttpService, sent: SendOptions[]): Promise<string[]> {
    const reserved: string[] = [];
    const { reserve } = on.engine;
    onTestFinished(() => void (on.engine.reserve = reserve));
    on.engine.reserve = (numSequences, clientId) => {
      reserved.push(String(clientId));
      return reserve.call(on.engine, numSequences, clientId);
    };
    for (const options of sent) {
      await send(service, 'POST', '/v1/completions', { body: { prompt: 'a', max_tokens: 1 }, ...options });
    }
    return reserved;
  }

  it('is its address, whatever keys and forwarded addresses it invents', async () => {
    const service = await on.start();
    const clients = await clientsOf(service, [
      {},
      { headers: { authorization: 'Bearer a' } },
      { headers: { 'x-api-key': 'b' } },
      { headers: { 'x-forwarded-for': '192.0.2.7' } },
      { from: '127.0.0.2' },
    ]);
    expect(clients.map(groupOf)).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1', '127.0.0.1', '127.0.0.2']);
    expect(new Set(clients).size).toBe(4);
  });

  it('is what a trusted proxy says', async () => {
    const service = await on.start({ trustProxy: readConfig({ TRUST_PROXY: '127.0.0.1' }, []).trustProxy });
    const clients = await clientsOf(service, [
      { headers: { 'x-forwarded-for': '6.6.6.6, 192.0.2.7' } },
      { headers: { forwarded: 'for="[2001:db8:1:2:3::4]:99"' } },
      { headers: { 'x-forwarded-for': '192.0.2.7' }, from: '127.0.0.2' },
    ]);
    expect(clients.map(groupOf)).toEqual(['192.0.2.7', '2001:db8:1:2', '127.0.0.2']);
  });
});

describe('a request', () => {
  const ME = { authorization: 'Bearer me' };
  const OTHER = { authorization: 'Bearer other' };
  const body = { prompt: 'a', max_tokens: 2 };

  it('is seen and cancelled by its own client alone', async () => {
    on.engine.reset({ stallAfter: 0 });
    const service = await on.start();
    const pending = send(service, 'POST', '/v1/completions', {
      body,
      headers: { ...ME, 'x-request-id': 'mine' },
    });
    await until(() => on.engine.requests.length === 1);
    for (const method of ['GET', 'DELETE']) {
      for (const stranger of [{ headers: OTHER }, { headers: ME, from: '127.0.0.2' }, {}]) {
        const refused = await send(service, method, '/v1/requests/cmpl-mine', stranger);
        const unknown = await send(service, method, '/v1/requests/cmpl-none', stranger);
        expect(refused.status).toBe(404);
        // As if there were none.
        const withoutIds = (answer: string): string =>
          answer.replaceAll(/"request_id":"[^"]*"|cmpl-\w+/g, '');
        expect(withoutIds(refused.text)).toBe(withoutIds(unknown.text));
      }
    }
    expect(on.engine.stats().numSequencesRunning).toBe(1);
    const seen = await send(service, 'GET', '/v1/requests/mine', { headers: ME });
    expect(seen.json).toMatchObject({ id: 'cmpl-mine', status: 'running' });
    expect(seen.text).not.toContain('127.0.0.1');
    const list = async (from: object): Promise<unknown> =>
      (await send(service, 'GET', '/v1/requests', from)).json;
    expect(await list({ headers: ME })).toMatchObject({ data: [{ id: 'cmpl-mine' }] });
    // On this machine, as the metrics are.
    expect(await list({ headers: OTHER })).toMatchObject({ data: [{ id: null, status: 'running' }] });
    expect(await list({ headers: { ...OTHER, 'x-forwarded-for': '192.0.2.1' } })).toMatchObject({ data: [] });
    const cancelled = await send(service, 'DELETE', '/v1/requests/mine', { headers: ME });
    expect(cancelled.json).toMatchObject({ cancelled: true });
    expect((await pending).json).toMatchObject({ choices: [{ finish_reason: 'abort' }] });
  });

  it('does not start under the id of one that runs for the same client, and for another does', async () => {
    on.engine.reset({ stallAfter: 0 });
    const service = await on.start();
    const headers = { 'x-request-id': 'taken' };
    const pending = send(service, 'POST', '/v1/completions', { body, headers: { ...headers, ...ME } });
    await until(() => on.engine.requests.length === 1);
    const missing = await send(service, 'GET', '/v1/requests/taken', { headers: OTHER });
    for (const id of ['taken', 'cmpl-taken']) {
      for (const path of ['/v1/completions', '/ai/run/@test/tiny-gpt2']) {
        const options = { body, headers: { ...ME, 'x-request-id': id } };
        const { status, headers: answered } = await send(service, 'POST', path, options);
        expect([status, answered['x-should-retry']]).toEqual([409, 'true']);
        expect(answered['x-request-id']).toMatch(/^[\da-f-]{36}$/);
      }
    }
    expect(on.engine.requests).toHaveLength(1);
    const strangers = [{ ...headers, ...OTHER }, headers].map((others) =>
      send(service, 'POST', '/v1/completions', { body, headers: others }),
    );
    await until(() => on.engine.requests.length === 3);
    expect(missing.status).toBe(404);
    // Each sees and ends its own.
    for (const mine of [OTHER, {}, ME]) {
      const { json } = await send(service, 'DELETE', '/v1/requests/taken', { headers: mine });
      expect(json).toMatchObject({ id: 'cmpl-taken', cancelled: true });
    }
    for (const answer of await Promise.all([pending, ...strangers])) {
      expect(answer.json).toMatchObject({ id: 'cmpl-taken', choices: [{ finish_reason: 'abort' }] });
    }
  });
});
