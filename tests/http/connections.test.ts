import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { MAX_OPEN_REQUESTS } from '../../src/http/edge/connections.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { RawClient, rawPost } from '../support/raw-client.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';
import { until } from '../support/service.ts';

const PATH = '/v1/completions';
const HEALTH = 'GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n';

let engine: ScriptedEngine;
beforeAll(async () => {
  engine = await ScriptedEngine.create();
});
beforeEach(() => engine.reset());

async function start(config: Parameters<typeof startHttpService>[1] = {}): Promise<HttpService> {
  const service = await startHttpService(engine, config);
  onTestFinished(() => service.close());
  return service;
}

const running = (): number => engine.stats().numSequencesRunning;
const numConnections = (service: HttpService): Promise<number> =>
  new Promise((resolve) => service.server.getConnections((_, count) => resolve(count)));

describe('a client that shuts its sending half', () => {
  it.each([false, true])('gets its answer; streamed: %s', async (stream) => {
    engine.reset({ tokenDelayMs: 20 });
    const { url } = await start();
    const client = await RawClient.open(url);
    client.socket.end(rawPost(PATH, { prompt: 'a', max_tokens: 12, stream }));
    await until(() => client.isClosed);
    expect(client.statuses).toEqual([200]);
    expect(client.received).toContain(stream ? 'data: [DONE]' : '"finish_reason":"length"');
  });

  it.each([false, true])('is noticed when it hangs up after that; streamed: %s', async (stream) => {
    engine.reset({ stallAfter: 0 });
    const { url } = await start();
    const client = await RawClient.open(url);
    client.socket.end(rawPost(PATH, { prompt: 'a', stream }));
    await until(() => running() === 1);
    await until(() => /HTTP\/1\.1 102|: ping/.test(client.received));
    client.socket.destroy();
    await until(() => running() === 0);
    expect(engine.find(engine.requests[0]?.id ?? '')).toMatchObject({ cancelCause: 'disconnect' });
  });

  it('counts as gone with HTTP/1.0, which knows no interim response', async () => {
    engine.reset({ stallAfter: 0 });
    const { url } = await start();
    const client = await RawClient.open(url);
    client.socket.end(rawPost(PATH, { prompt: 'a' }).replace('HTTP/1.1', 'HTTP/1.0'));
    await until(() => client.isClosed);
    await until(() => running() === 0);
  });
});

describe('pipelined requests', () => {
  it('are taken up one after the other, and answered in order', async () => {
    const { url } = await start();
    const client = await RawClient.open(url);
    const ids = ['first', 'second', 'third'];
    const requests = ids.map((id) =>
      rawPost(PATH, { prompt: 'a', max_tokens: 2 }, `x-request-id: ${id}\r\n`),
    );
    client.socket.write(requests.join(''));
    await until(() => client.statuses.length === 3);
    const answered = [...client.received.matchAll(/x-request-id: (\w+)/g)].map(([, id]) => id);
    expect(answered).toEqual(ids);
    expect(client.statuses).toEqual([200, 200, 200]);
  });

  it.each([false, true])(
    'are gone when their client is, and most never begin; streamed: %s',
    async (stream) => {
      engine.reset({ stallAfter: 0 });
      const { url } = await start();
      const client = await RawClient.open(url);
      client.socket.write(rawPost(PATH, { prompt: 'a', stream }).repeat(MAX_OPEN_REQUESTS));
      await until(() => running() === 1);
      await sleep(50);
      expect(engine.requests).toHaveLength(1);
      client.socket.destroy();
      await until(() => running() === 0);
      expect(engine.requests).toHaveLength(1);
      expect(engine.numFreeSlots).toBe(1000);
    },
  );

  it('are not taken up behind one whose answer ends the connection', async () => {
    const { url } = await start({ bodyLimitBytes: 40 });
    const client = await RawClient.open(url);
    const tooLarge = rawPost(PATH, { prompt: 'a'.repeat(50) });
    client.socket.write(tooLarge + rawPost(PATH, { prompt: 'a', max_tokens: 2 }));
    await until(() => client.isClosed);
    expect(client.statuses).toEqual([413]);
    expect(engine.requests).toHaveLength(0);
  });

  it('are gone, too, where a body that nobody reads yet keeps Node from seeing the hang-up', async () => {
    engine.reset({ stallAfter: 0 });
    const { url } = await start();
    const client = await RawClient.open(url);
    const head = `POST ${PATH} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\n`;
    client.socket.write(rawPost(PATH, { prompt: 'a' }) + head + ' '.repeat(500_000));
    await until(() => running() === 1);
    await sleep(100);
    client.socket.destroy();
    await until(() => running() === 0);
    expect(engine.requests).toHaveLength(1);
  });

  it('close their connection beyond a number of them, and nothing is left', async () => {
    engine.reset({ stallAfter: 0 });
    const { url } = await start();
    const client = await RawClient.open(url);
    client.socket.write(rawPost(PATH, { prompt: 'a', stream: true }).repeat(300));
    await until(() => client.isClosed);
    await until(() => running() === 0);
    expect(engine.numFreeSlots).toBe(1000);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });
});

describe('a request that does not arrive', () => {
  it.each([
    ['headers', 'POST /v1/completions HTTP/1.1\r\nhost: localhost\r\n', 'x-a: b\r\n'],
    [
      'a body',
      `POST ${PATH} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n`,
      ' ',
    ],
    [
      'chunks',
      `POST ${PATH} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`,
      '1\r\n \r\n',
    ],
  ])('is answered with 408, however slowly it trickles: %s', async (_, head, trickle) => {
    const { url } = await start({ receiveTimeoutMs: 400 });
    const client = await RawClient.open(url);
    client.socket.write(head);
    const timer = setInterval(() => client.socket.writable && client.socket.write(trickle), 50);
    onTestFinished(() => clearInterval(timer));
    await until(() => client.isClosed || client.received !== '');
    clearInterval(timer);
    expect(client.statuses).toEqual([408]);
    client.socket.end();
    await until(() => client.isClosed);
  });

  it('is closed when nothing comes at all', async () => {
    const { url } = await start({ receiveTimeoutMs: 300 });
    const client = await RawClient.open(url);
    await until(() => client.received !== '');
    expect(client.statuses).toEqual([408]);
  });

  it('is refused with 431 where its headers are too large', async () => {
    const { url } = await start();
    const client = await RawClient.open(url);
    client.socket.write(`GET /health HTTP/1.1\r\nhost: localhost\r\nx-large: ${'a'.repeat(17_000)}\r\n\r\n`);
    await until(() => client.received !== '');
    expect(client.statuses).toEqual([431]);
  });

  it('does not cut a request that is whole and takes its time', async () => {
    engine.reset({ tokenDelayMs: 50 });
    const { url } = await start({ receiveTimeoutMs: 200, stallTimeoutMs: 100 });
    const client = await RawClient.open(url);
    client.socket.write(rawPost(PATH, { prompt: 'a', max_tokens: 20 }));
    await until(() => client.statuses.length === 1);
    expect(client.statuses).toEqual([200]);
    client.socket.write(HEALTH);
    await until(() => client.statuses.length === 2);
  });
});

describe('an idle connection', () => {
  it('is closed after KEEP_ALIVE, which its answers tell', async () => {
    const { url } = await start({ keepAliveMs: 1000 });
    const client = await RawClient.open(url);
    client.socket.write(HEALTH);
    await until(() => client.statuses.length === 1);
    expect(client.received).toMatch(/^keep-alive: timeout=1\r$/im);
    await until(() => client.isClosed);
  });

  it('is kept for longer than a stall, and by default for longer than nginx keeps its own', async () => {
    expect(readConfig({}, []).keepAliveMs).toBeGreaterThan(60_000);
    const { url } = await start({ keepAliveMs: 60_000, stallTimeoutMs: 100 });
    const client = await RawClient.open(url);
    client.socket.write(HEALTH);
    await until(() => client.statuses.length === 1);
    await sleep(500);
    client.socket.write(HEALTH);
    await until(() => client.statuses.length === 2);
  });
});

describe('a reader that takes nothing', () => {
  it.each([false, true])('is cut off; streamed: %s', async (stream) => {
    engine.model.contextLength = 100_000;
    onTestFinished(() => void (engine.model.contextLength = 128));
    engine.reset({ text: ' the old mill'.repeat(3000) });
    const service = await start({ stallTimeoutMs: 300 });
    const client = await RawClient.open(service.url);
    client.socket.pause();
    // Some 10 MB, more than the system buffers for a connection.
    client.socket.write(rawPost(PATH, { prompt: 'a', n: 4, max_tokens: 5000, logprobs: 20, stream }));
    await until(async () => engine.requests.length === 1 && (await numConnections(service)) === 0);
    await until(() => running() === 0);
    await until(() => service.logLines.some(({ path }) => path === PATH));
  });
});

describe('connections beyond MAX_CONNECTIONS', () => {
  async function health(client: RawClient): Promise<number[]> {
    client.socket.write(HEALTH);
    await until(() => client.isClosed || client.statuses.length > 0);
    return client.statuses;
  }

  it('take the place of idle ones of an address that has more', async () => {
    engine.reset({ stallAfter: 0 });
    const { url } = await start({ maxConnections: 3 });
    const busy = await RawClient.open(url);
    busy.socket.write(rawPost(PATH, { prompt: 'a', stream: true }));
    await until(() => running() === 1);
    const idle = [await RawClient.open(url), await RawClient.open(url)];
    const other = await RawClient.open(url, { localAddress: '127.0.0.2' });
    expect(await health(other)).toEqual([200]);
    await until(() => idle[0]?.isClosed === true);
    expect([busy.isClosed, idle[1]?.isClosed]).toEqual([false, false]);
    expect(running()).toBe(1);
  });

  it('take the place of the oldest idle one of their own address, and are turned away where it has none', async () => {
    engine.reset({ stallAfter: 0 });
    const { url } = await start({ maxConnections: 3 });
    const [first, second] = [await RawClient.open(url), await RawClient.open(url)];
    const other = await RawClient.open(url, { localAddress: '127.0.0.2' });
    expect(await health(other)).toEqual([200]);
    const newcomers = [await RawClient.open(url), await RawClient.open(url)];
    for (const [i, one] of newcomers.entries()) {
      one.socket.write(rawPost(PATH, { prompt: 'a', stream: true }));
      await until(() => running() === i + 1);
    }
    await until(() => first.isClosed && second.isClosed);
    expect(other.isClosed).toBe(false);
    expect(await health(await RawClient.open(url))).toEqual([]);
    expect(running()).toBe(2);
  });

  it('take the place of busy ones where none is idle', async () => {
    engine.reset({ stallAfter: 0 });
    const { url } = await start({ maxConnections: 2 });
    for (let i = 0; i < 2; i++) {
      const busy = await RawClient.open(url);
      busy.socket.write(rawPost(PATH, { prompt: 'a' }));
      await until(() => running() === i + 1);
    }
    const other = await RawClient.open(url, { localAddress: '127.0.0.2' });
    expect(await health(other)).toEqual([200]);
    await until(() => running() === 1);
  });

  it('of a trusted proxy are not cut for others', async () => {
    const { trustProxy } = readConfig({ TRUST_PROXY: '127.0.0.1' }, []);
    const { url } = await start({ maxConnections: 2, trustProxy });
    const proxied = [await RawClient.open(url), await RawClient.open(url)];
    expect(await health(await RawClient.open(url, { localAddress: '127.0.0.2' }))).toEqual([]);
    for (const one of proxied) expect(await health(one)).toEqual([200]);
    // One more of its own has the place of one that is idle.
    expect(await health(await RawClient.open(url))).toEqual([200]);
    await until(() => proxied[0]?.isClosed === true);
    expect(proxied[1]?.isClosed).toBe(false);
  });
});

it('serves HTTP/1.0 without a Host', async () => {
  const { url } = await start();
  const client = await RawClient.open(url);
  client.socket.write('GET /health HTTP/1.0\r\n\r\n');
  await until(() => client.isClosed);
  expect(client.statuses).toEqual([200]);
});
