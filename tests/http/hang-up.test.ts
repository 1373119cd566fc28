import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';
import { until } from '../support/service.ts';

const PING_INTERVAL_MS = 200;

let engine: ScriptedEngine;
let service: HttpService;

beforeAll(async () => {
  engine = await ScriptedEngine.create();
  service = await startHttpService(engine, { ssePingIntervalMs: PING_INTERVAL_MS });
});
beforeEach(() => engine.reset());
afterAll(() => service.close());

interface RawClient {
  socket: Socket;
  received: () => string;
}

/** Sends a POST over a bare socket, which the test can cut, stall or read. */
function send(path: string, body: object): Promise<RawClient> {
  return new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    let received = '';
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1', () => {
      socket.write(
        `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
          `content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
      );
      resolve({ socket, received: () => received });
    });
    socket.on('data', (chunk) => (received += chunk.toString()));
    socket.on('error', reject);
  });
}

const running = (): number => engine.stats().numSequencesRunning;
const ROUTES = ['/v1/completions', '/ai/run/@test/tiny-gpt2'];

describe.each(ROUTES)('a client that hangs up: %s', (path) => {
  it.each([
    ['streamed, before the first token', true, 0],
    ['streamed, midway', true, 2],
    ['not streamed, before the first token', false, 0],
    ['not streamed, midway', false, 2],
  ])('%s', async (_, stream, stallAfter) => {
    engine.reset({ stallAfter });
    const { socket } = await send(path, { prompt: 'a', max_tokens: 20, stream });
    await until(() => running() === 1);
    socket.destroy();
    await until(() => running() === 0);
    const [request] = engine.requests;
    expect(engine.find(request?.id ?? '')).toMatchObject({ status: 'cancelled', cancelCause: 'disconnect' });
    await until(() => service.logLines.some(({ requestId }) => requestId === request?.id));
    const line = service.logLines.find(({ requestId }) => requestId === request?.id);
    expect(line).toMatchObject({ ended: 'abort: disconnect', completionTokens: stallAfter });
    expect(engine.numFreeSlots).toBe(1000);
  });
});

describe('a quiet stream', () => {
  it('sends its headers at once, and a comment whenever it is silent', async () => {
    engine.reset({ stallAfter: 0 });
    const { socket, received } = await send('/v1/completions', { prompt: 'a', stream: true });
    await until(() => received().includes('\r\n\r\n'));
    expect(received()).toMatch(/^HTTP\/1\.1 200 /);
    await until(() => received().split(': ping\n\n').length > 3);
    expect(received()).not.toContain('data:');
    socket.destroy();
    await until(() => running() === 0);
  });

  it('sends no comment while tokens flow', async () => {
    // Longer than the interval in all, and each token well within it, however busy the machine is.
    engine.reset({ tokenDelayMs: 20 });
    const { socket, received } = await send('/v1/completions', { prompt: 'a', max_tokens: 20, stream: true });
    await until(() => received().includes('[DONE]'));
    expect(received()).not.toContain(': ping');
    socket.destroy();
  });
});

describe('a slow reader', () => {
  it('gets all in the end, and holds up nobody else', async () => {
    engine.model.contextLength = 100_000;
    engine.reset({ text: ' the old mill'.repeat(3000) });
    // Some 10 MB, more than the system buffers for a connection.
    const body = { prompt: 'a', n: 4, max_tokens: 5000, logprobs: 20, stream: true };
    const slow = await send('/v1/completions', body);
    slow.socket.pause();
    await until(() => running() === 1);
    await sleep(300);
    // Frames are made only when the socket takes them, so the iteration waits where the reader does.
    expect(running()).toBe(1);
    engine.script.text = ' the mill';
    const quick = await send('/v1/completions', { prompt: 'a', max_tokens: 3, stream: true });
    await until(() => quick.received().includes('[DONE]'));
    expect(running()).toBe(1);
    quick.socket.destroy();
    slow.socket.resume();
    await until(() => running() === 0);
    await until(() => slow.received().endsWith('data: [DONE]\n\n\r\n0\r\n\r\n'));
    expect(slow.received().length).toBeGreaterThan(8_000_000);
    slow.socket.destroy();
  });
});
