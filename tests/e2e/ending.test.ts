import { describe, expect, it } from 'vitest';
import { urlOf, useServices } from '../support/process.ts';
import { RawClient, rawPost } from '../support/raw-client.ts';
import { until } from '../support/service.ts';

const start = useServices();

/** Far above what an end without answers takes, and far below SHUTDOWN_TIMEOUT. */
const IDLE_END_MS = 5000;
const HEALTH = 'GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n';
const ANSWER = { prompt: 'The river', max_tokens: 60, temperature: 0, ignore_eos: true };

interface Ending {
  readonly clients: RawClient[];
  readonly exitCode: number | NodeJS.Signals | null;
  readonly tookMs: number;
}

/** Ends a service with a signal while `count` clients are as `prepare` leaves them. */
async function endBeside(
  count: number,
  prepare: (client: RawClient) => Promise<void> | void,
): Promise<Ending> {
  const service = start({ MAX_CONNECTIONS: '2000' });
  const url = await urlOf(service);
  const clients = await Promise.all(Array.from({ length: count }, () => RawClient.open(url)));
  await Promise.all(clients.map(async (client) => prepare(client)));
  // What was sent has arrived: this one is answered behind it.
  expect((await fetch(`${url}/health`)).status).toBe(200);
  const startedAt = performance.now();
  service.child.kill('SIGTERM');
  const exitCode = await service.exited;
  return { clients, exitCode, tookMs: performance.now() - startedAt };
}

const send =
  (text: string) =>
  ({ socket }: RawClient): void =>
    void socket.write(text);

async function askOnce(client: RawClient): Promise<void> {
  client.socket.write(HEALTH);
  await until(() => client.statuses.length === 1);
}

describe('an idle service ends at once beside', () => {
  it.each([
    ['a connection that sends nothing', 1, () => undefined],
    ['a thousand of them', 1000, () => undefined],
    [
      'one whose client sends no more, and never sent anything',
      1,
      ({ socket }: RawClient) => void socket.end(),
    ],
    ['half of a request line', 1, send('GET /hea')],
    ['headers that are not whole', 20, send('GET /health HTTP/1.1\r\nhost: localhost\r\nx-half')],
    ['one that is kept alive', 20, askOnce],
    [
      'one that is kept alive, with half of the next request',
      1,
      async (client: RawClient) => {
        await askOnce(client);
        client.socket.write('GET /health HTTP/1.1\r\nhost:');
      },
    ],
    ['one of HTTP/1.0', 1, send('GET /health HTTP/1.0\r\nconnection: keep-alive\r\n\r\n')],
  ])('%s', async (_, count, prepare) => {
    const { exitCode, tookMs } = await endBeside(count, prepare);
    expect(exitCode).toBe(0);
    expect(tookMs).toBeLessThan(IDLE_END_MS);
  });
});

it('answers what runs, and what is behind it on the connection, before it ends', async () => {
  const service = start({ RUNTIME: 'cpu' });
  const url = await urlOf(service);
  const silent = await RawClient.open(url);
  const kept = await RawClient.open(url);
  await askOnce(kept);
  const client = await RawClient.open(url);
  client.socket.write(rawPost('/v1/completions', { ...ANSWER, stream: true }) + HEALTH);
  await until(() => client.received.includes('data: '));
  service.child.kill('SIGTERM');
  // It serves on until the answer is out.
  kept.socket.write(HEALTH);
  expect(await service.exited).toBe(0);
  await until(() => [silent, kept, client].every(({ isClosed }) => isClosed));
  expect(client.received).toContain('data: [DONE]');
  expect(client.statuses).toEqual([200, 200]);
  expect(kept.statuses).toEqual([200, 200]);
});

it('gives headers that have begun a moment to become whole', async () => {
  const service = start();
  const client = await RawClient.open(await urlOf(service));
  client.socket.write('GET /health HTTP/1.1\r\n');
  await new Promise((resolve) => setTimeout(resolve, 100));
  service.child.kill('SIGTERM');
  await new Promise((resolve) => setTimeout(resolve, 150));
  client.socket.write('host: localhost\r\n\r\n');
  expect(await service.exited).toBe(0);
  await until(() => client.isClosed);
  expect(client.statuses).toEqual([200]);
  expect(client.received).toMatch(/^connection: close$/im);
});
