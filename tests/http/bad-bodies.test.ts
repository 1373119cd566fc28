import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { openAiError, workersAiError } from '../support/error-bodies.ts';
import { call, type Answer } from '../support/http-client.ts';
import { useScriptedService } from '../support/scripted-service.ts';

const OPENAI = '/v1/completions';
const CHAT = '/v1/chat/completions';
const WORKERS_AI = '/ai/run/@test/tiny-gpt2';

/** Cloudflare's envelope, with a number of Vectorize. */
const VECTORS = '/client/v4/accounts/me/vectorize/v2/indexes';

const on = useScriptedService();

/** An object in an object, so many levels deep. */
const nested = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);

const JSON_ROUTES = [
  OPENAI,
  CHAT,
  WORKERS_AI,
  `/client/v4/accounts/me${WORKERS_AI}`,
  '/ai/run',
  '/workers-binding/run?version=3',
  '/workers-binding/ai-gateway/run?version=3',
  '/ai/v1/chat/completions',
  '/v1/systemone',
  '/v1/embeddings',
  '/v1/decisions',
  '/v1/rerank',
  '/v1/score',
  '/v1/attention',
  '/tokenize',
  '/detokenize',
  VECTORS,
];

describe.each(JSON_ROUTES)('a body that is no JSON object: %s', (path) => {
  const isBinding = path.startsWith('/workers-binding/');
  const isWorkersAi = isBinding || path.includes('/ai/run') || path === VECTORS;
  const bindingFault = ({ json }: Answer) => json as { internalCode: number; description: string };
  const messageOf = (answer: Answer): string => {
    if (isBinding) return bindingFault(answer).description;
    return isWorkersAi ? workersAiError(answer).message : openAiError(answer).message;
  };
  const expectParam = (answer: Answer, param: string): void => {
    // What a Worker is told has no place for it.
    if (isBinding) return;
    expect(isWorkersAi ? workersAiError(answer).source?.pointer.slice(1) : openAiError(answer).param).toBe(
      param,
    );
  };

  it.each([
    ['malformed', '{"prompt": ', 'not valid JSON'],
    ['with NaN', '{"prompt": "a", "temperature": NaN}', 'not valid JSON'],
    ['a list', '[1]', 'a JSON object, not a list'],
    ['null', 'null', 'a JSON object, not null'],
    ['empty', '', 'empty'],
    ['nested without end', '['.repeat(5000), 'nests more than 32 levels'],
    ['a list nested 32 levels deep', `${'['.repeat(32)}${']'.repeat(32)}`, 'a JSON object, not a list'],
    ['nested deeply', nested(33), 'nests more than 32 levels'],
  ])('%s', async (_, body, message) => {
    const answer = await call(on.service, 'POST', path, { body });
    expect(answer.status).toBe(400);
    expect(messageOf(answer)).toContain(message);
    expectParam(answer, 'body');
  });

  it('names a wrong content type, and a missing one', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await call(on.service, 'POST', path, { body: 'prompt=a', headers: form });
    expect(answer.status).toBe(400);
    expect(messageOf(answer)).toContain("'application/x-www-form-urlencoded'; send application/json");
    expectParam(answer, 'content-type');
  });

  it('wants a JSON type even where nothing is sent', async () => {
    const answer = await call(on.service, 'POST', path);
    expect(answer.status).toBe(400);
    expect(messageOf(answer)).toContain('content-type is missing');
    expectParam(answer, 'content-type');
  });

  it('refuses a compressed body', async () => {
    const answer = await call(on.service, 'POST', path, {
      body: '{}',
      headers: { 'content-encoding': 'gzip' },
    });
    expect(answer.status).toBe(400);
    expectParam(answer, 'content-encoding');
  });

  it('answers 413 to a body over the limit', async () => {
    const answer = await call(on.service, 'POST', path, { body: { prompt: 'a'.repeat(20_000) } });
    expect(answer.status).toBe(413);
    expect(messageOf(answer)).toMatch(/20013 bytes, the limit is 20000/);
    if (isBinding) expect(bindingFault(answer).internalCode).toBe(3006);
    else if (isWorkersAi) expect(workersAiError(answer).code).toBe(3006);
    else expect(openAiError(answer).code).toBe('payload_too_large');
  });
});

describe.each(['/gateway/a/b/openai/chat/completions', '/gateway/a/b', '/workers-binding/ai-gateway/run'])(
  'a body that a gateway does not read: %s',
  (path) => {
    it.each([
      ['malformed', '{"prompt": ', 400],
      ['null', 'null', 400],
      ['a number', '1', 400],
      ['empty', '', 400],
      ['nested without end', '['.repeat(5000), 400],
      ['nested deeply', nested(33), 400],
      ['a list of lists', '[[[1]]]', 400],
      ['too long', `{"a":"${'a'.repeat(20_000)}"}`, 413],
    ])('%s', async (_, body, status) => {
      const answer = await call(on.service, 'POST', path, { body });
      expect(answer.status, answer.text).toBe(status);
    });
  },
);

/** What a server answers to raw bytes; the connection is left open by the client. */
function exchange(bytes: string, end = /\r\n\r\n/): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(on.service.url).port), '127.0.0.1', () => socket.write(bytes));
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString();
      if (!end.test(received)) return;
      resolve(received);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

describe('bodies on the wire', () => {
  const head = `POST ${OPENAI} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`;

  it('answers 413 before a body over the limit is sent', async () => {
    expect(await exchange(`${head}content-length: 1000000\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('cuts off a chunked body at the limit', async () => {
    const chunk = `4000\r\n${'a'.repeat(0x4000)}\r\n`;
    expect(await exchange(`${head}transfer-encoding: chunked\r\n\r\n${chunk}${chunk}`)).toMatch(
      /^HTTP\/1\.1 413 /,
    );
  });

  it('takes a chunked body within the limit', async () => {
    const body = '{"prompt": "a"}';
    const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    expect(await exchange(`${head}transfer-encoding: chunked\r\n\r\n${chunked}`)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('takes a body in chunks of one byte', async () => {
    const body = JSON.stringify({ prompt: 'a', user: 'u'.repeat(5000) });
    const chunked = body.replaceAll(/./g, '1\r\n$&\r\n');
    expect(await exchange(`${head}transfer-encoding: chunked\r\n\r\n${chunked}0\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 200 /,
    );
  });

  it('breaks a connection off whose body comes in nothing but chunks of one byte', async () => {
    const socket = connect(Number(new URL(on.service.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(`${head}transfer-encoding: chunked\r\n\r\n${'1\r\na\r\n'.repeat(15_000)}`);
    await once(socket, 'close');
    expect((await call(on.service, 'GET', '/health')).status).toBe(200);
  });

  it('refuses a client without room before its body has come', async () => {
    // Whether there are other models is known a moment after it is asked first.
    await vi.waitFor(async () => {
      on.engine.numFreeSlots = 0;
      const refused = await Promise.race([exchange(`${head}content-length: 100\r\n\r\n`), sleep(200, '')]);
      expect(refused).toMatch(/^HTTP\/1\.1 429 [^]*retry-after-ms: 2500/);
    }, 5000);
  });

  it('answers what comes after a body that it did not read', async () => {
    const refused = `POST ${OPENAI} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9000\r\n\r\n${'a'.repeat(9000)}`;
    const answers = await exchange(
      `${refused}GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n`,
      /HTTP\/1\.1 200 /,
    );
    expect(answers).toMatch(/^HTTP\/1\.1 400 [^]*content-type is missing[^]*HTTP\/1\.1 200 /);
  });

  it.each(['content-length: 100', 'transfer-encoding: chunked'])(
    'a client that leaves while it sends is no fault of the service: %s',
    async (framing) => {
      on.service.logLines.length = 0;
      const { port } = new URL(on.service.url);
      const socket = connect(Number(port), '127.0.0.1');
      await once(socket, 'connect');
      socket.write(`${head}${framing}\r\n\r\n8\r\n{"prompt`);
      await sleep(50);
      socket.destroy();
      await vi.waitFor(
        () =>
          expect(on.service.logLines).toContainEqual(
            expect.objectContaining({ status: 400, param: 'body', ended: 'error: invalid_request' }),
          ),
        5000,
      );
    },
  );

  it('refuses bytes that are not UTF-8', async () => {
    const answer = await fetch(on.service.url + OPENAI, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: Uint8Array.of(0x7b, 0xff, 0x7d),
    });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('not valid UTF-8');
  });
});
