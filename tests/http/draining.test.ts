import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { RawClient, rawPost } from '../support/raw-client.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';
import { until } from '../support/service.ts';

const PATH = '/v1/completions';
const HEALTH = 'GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n';

let engine: ScriptedEngine;
let service: HttpService;
beforeAll(async () => {
  engine = await ScriptedEngine.create();
});
beforeEach(async () => {
  engine.reset();
  service = await startHttpService(engine);
  onTestFinished(() => service.close());
});

const endings = ({ received }: RawClient): string[] => received.match(/^connection: .*$/gim) ?? [];
const running = (): number => engine.stats().numSequencesRunning;

async function open(text: string): Promise<RawClient> {
  const client = await RawClient.open(service.url);
  client.socket.write(text);
  return client;
}

describe('a service that drains', () => {
  it('closes a connection that is kept alive behind its next answer, and says so', async () => {
    const client = await open(HEALTH);
    await until(() => client.statuses.length === 1);
    service.leave();
    expect(endings(client)).toEqual(['Connection: keep-alive']);
    client.socket.write(HEALTH);
    await until(() => client.isClosed);
    expect(client.statuses).toEqual([200, 200]);
    expect(endings(client)).toEqual(['Connection: keep-alive', 'Connection: close']);
  });

  it('says so of an answer that it computes, and of a new connection', async () => {
    engine.reset({ tokenDelayMs: 20 });
    const before = await open(rawPost(PATH, { prompt: 'a', max_tokens: 12 }));
    await until(() => running() === 1);
    service.leave();
    const after = await open(rawPost(PATH, { prompt: 'a', max_tokens: 2 }));
    await until(() => before.isClosed && after.isClosed);
    for (const client of [before, after]) {
      expect(client.statuses).toEqual([200]);
      expect(endings(client)).toEqual(['Connection: close']);
    }
  });

  it('answers what was sent behind a request before it closes', async () => {
    engine.reset({ tokenDelayMs: 20 });
    const client = await open(rawPost(PATH, { prompt: 'a', max_tokens: 12 }) + HEALTH);
    await until(() => running() === 1);
    service.leave();
    await until(() => client.isClosed);
    expect(client.statuses).toEqual([200, 200]);
    expect(endings(client)).toEqual(['Connection: keep-alive', 'Connection: close']);
  });

  it('lets a stream go on whose headers are out', async () => {
    engine.reset({ tokenDelayMs: 20 });
    const client = await open(rawPost(PATH, { prompt: 'a', max_tokens: 12, stream: true }));
    await until(() => client.received.includes('data: '));
    service.leave();
    await until(() => client.received.includes('data: [DONE]'));
    client.socket.write(HEALTH);
    await until(() => client.isClosed);
    expect(endings(client).at(-1)).toBe('Connection: close');
  });
});
