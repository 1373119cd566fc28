import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { call } from '../support/http-client.ts';
import { startHttpService } from '../support/http-service.ts';
import { bearer, KeyFile } from '../support/keys.ts';
import { RawClient, rawPost, requestIdOf } from '../support/raw-client.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';
import { until } from '../support/service.ts';

/** Who may read a stream on, and services that keep none. */

const RESUMABLE = 'x-stream-resumable: true\r\n';

let engine: ScriptedEngine;
beforeAll(async () => {
  engine = await ScriptedEngine.create();
});
beforeEach(() => engine.reset());
afterAll(() => engine.tokenizer.stop());

describe("another's stream", () => {
  it('is not there, but for an admin, and costs its owner no request', async () => {
    using file = new KeyFile();
    const [alice, bob, admin] = [
      await file.create('alice', { limits: { requestsPerMinute: 2, concurrency: 1 } }),
      await file.create('bob'),
      await file.create('root', { isAdmin: true }),
    ];
    const keyed = await startHttpService(engine, {}, { keysFile: file.path });
    try {
      engine.reset({ stallAfter: 2 });
      const client = await RawClient.open(keyed.url);
      const authorization = `authorization: Bearer ${alice}\r\n`;
      client.socket.write(
        rawPost('/v1/completions', { prompt: 'a', stream: true }, RESUMABLE + authorization),
      );
      await until(() => client.received.includes('id: 2\n'));
      client.socket.destroy();
      const id = requestIdOf(client);
      const read = (key: string, after = 0): ReturnType<typeof call> =>
        call(keyed, 'GET', `/v1/streams/${id}`, {
          headers: { ...bearer(key), 'last-event-id': String(after) },
        });
      expect((await read(bob)).status).toBe(404);
      // Its place among those that run at once is taken until it ends.
      const body = { prompt: 'a', max_tokens: 1 };
      const second = await call(keyed, 'POST', '/v1/completions', { body, headers: bearer(alice) });
      expect(second.status).toBe(429);
      const pending = read(alice, 1);
      await call(keyed, 'DELETE', `/v1/requests/${id}`, { headers: bearer(alice) });
      expect((await pending).text).toContain('[DONE]');
      for (let i = 0; i < 4; i++) expect((await read(alice)).status).toBe(200);
      expect((await read(admin)).status).toBe(200);
    } finally {
      await keyed.close();
    }
  });
});

describe('a service that keeps no streams', () => {
  it('says so', async () => {
    const without = await startHttpService(engine, { streamBufferBytes: 0 });
    try {
      const answer = await call(without, 'POST', '/v1/completions', {
        body: { prompt: 'a', stream: true },
        headers: { 'x-stream-resumable': 'true' },
      });
      expect(answer.status).toBe(400);
      expect(answer.text).toContain('STREAM_BUFFER_MB');
    } finally {
      await without.close();
    }
  });
});
