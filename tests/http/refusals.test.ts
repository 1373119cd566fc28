import { describe, expect, it } from 'vitest';
import { EngineError, type ErrorCode } from '../../src/errors.ts';
import { openAiError, workersAiError } from '../support/error-bodies.ts';
import { call, post } from '../support/http-client.ts';
import { useScriptedService } from '../support/scripted-service.ts';

const OPENAI = '/v1/completions';
const CHAT = '/v1/chat/completions';
const WORKERS_AI = '/ai/run/@test/tiny-gpt2';

const on = useScriptedService();

describe('what the engine refuses', () => {
  const codes: [ErrorCode, number, number, number][] = [
    ['context_length_exceeded', 400, 413, 5021],
    ['queue_full', 429, 429, 3040],
    ['engine_not_ready', 503, 503, 7009],
    ['request_timeout', 504, 408, 3007],
    ['backend_failure', 500, 500, 3043],
  ];
  it.each(codes)('%s', async (code, openAiStatus, workersAiStatus, workersAiCode) => {
    on.engine.reset({ failAfter: 0, failure: new EngineError(code, 'as it is', { retryAfterMs: 2500 }) });
    const answer = await post(on.service, OPENAI, { prompt: 'a' });
    expect(answer.status).toBe(openAiStatus);
    expect(openAiError(answer)).toMatchObject({ code, message: 'as it is' });
    const native = await post(on.service, WORKERS_AI, { prompt: 'a', max_tokens: 5 });
    expect(native.status).toBe(workersAiStatus);
    expect(workersAiError(native)).toMatchObject({ code: workersAiCode, message: 'as it is' });
    for (const { headers } of [answer, native]) {
      expect(headers['x-should-retry']).toBe(String(code !== 'context_length_exceeded'));
    }
  });

  it.each([OPENAI, WORKERS_AI])('tells a busy client when to come back: %s', async (path) => {
    on.engine.numFreeSlots = 0;
    const { status, headers } = await post(on.service, path, { prompt: 'a', max_tokens: 5 });
    expect(status).toBe(429);
    expect(headers).toMatchObject({ 'retry-after': '3', 'retry-after-ms': '2500', 'x-should-retry': 'true' });
  });

  it.each([OPENAI, WORKERS_AI])(
    'refuses a prompt that cannot fit, with numbers, and gives its slots back: %s',
    async (path) => {
      const cases = [
        [
          'a b '.repeat(40),
          /\d+ tokens and max_tokens is 100: this model's maximum context length is 128 tokens/,
        ],
        [
          'a b '.repeat(4000),
          /\d+ tokens, which leaves no room for an answer: this model's maximum context length is 128 tokens/,
        ],
      ] as const;
      for (const [prompt, told] of cases) {
        const answer = await post(on.service, path, { prompt, max_tokens: 100 });
        expect(answer.status).toBe(path === OPENAI ? 400 : 413);
        expect(answer.text).toMatch(told);
      }
      expect(on.engine.numFreeSlots).toBe(1000);
    },
  );

  it('hides what was not foreseen, and logs its location under the request id', async () => {
    on.engine.script.failure = new EngineError('internal', 'secret of the prompt');
    on.engine.script.failAfter = 0;
    const answer = await post(on.service, OPENAI, { prompt: 'a' });
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('secret');
    expect(answer.headers['x-should-retry']).toBe('false');
    const line = on.service.logLines.find(({ requestId }) => requestId === answer.headers['x-request-id']);
    expect(line).toMatchObject({ status: 500, err: { type: 'EngineError', code: 'internal' } });
    const { stack } = line?.['err'] as { stack: string };
    expect(stack).toMatch(/^\s+at .*refusals\.test\.ts:\d+:\d+/);
    expect(JSON.stringify(line)).not.toContain('secret');
  });
});

describe('unknown models, routes and methods', () => {
  it('404 model_not_found names the model', async () => {
    const answer = await post(on.service, OPENAI, { model: 'gpt-9', prompt: 'a' });
    expect(answer.status).toBe(404);
    expect(openAiError(answer)).toMatchObject({ code: 'model_not_found', param: 'model' });
    expect(openAiError(answer).message).toContain("'gpt-9'");
    for (const path of ['/ai/run/@cf/x/y', '/client/v4/accounts/me/ai/run/@cf/x/y']) {
      const native = await post(on.service, path, { prompt: 'a' });
      expect(native.status).toBe(400);
      expect(workersAiError(native)).toMatchObject({ code: 5007 });
      expect(workersAiError(native).message).toContain("'@cf/x/y'");
    }
  });

  it.each([
    '/nowhere',
    '/v1/chat',
    '/v1/completions/',
    '/favicon.ico',
    '/v1/%zz',
    '/a%00b',
    '/ai/v1/nowhere',
    '/client/v4/accounts/me/ai/v1/nowhere',
  ])('404 in the envelope of OpenAI: %s', async (path) => {
    const answer = await call(on.service, 'GET', path);
    expect(answer.status).toBe(404);
    expect(openAiError(answer).code).toBe('not_found');
  });

  it.each([
    '/ai',
    '/ai/runs',
    '/client/v4/accounts',
    '/client/v4/accounts/me/ai/v2',
    '/client/v4/ai/v1/models',
  ])('404 in the envelope of Workers AI: %s', async (path) => {
    const answer = await post(on.service, path, {});
    expect(answer.status).toBe(404);
    expect(workersAiError(answer).code).toBe(7000);
  });

  it.each([
    ['GET', OPENAI, 'POST, OPTIONS'],
    ['GET', CHAT, 'POST, OPTIONS'],
    ['PUT', '/v1/models', 'GET, HEAD, OPTIONS'],
    ['POST', '/v1/requests/x', 'GET, DELETE, HEAD, OPTIONS'],
    ['DELETE', '/health', 'GET, HEAD, OPTIONS'],
  ] as const)('405 with allow: %s %s', async (method, path, allow) => {
    const answer = await call(on.service, method, path);
    expect(answer.status).toBe(405);
    expect(openAiError(answer).code).toBe('method_not_allowed');
    expect(answer.headers['allow']).toBe(allow);
  });

  it('405 with allow: Workers AI', async () => {
    const answer = await call(on.service, 'GET', WORKERS_AI);
    expect(answer.status).toBe(405);
    expect(workersAiError(answer).code).toBe(7001);
    expect(answer.headers['allow']).toBe('POST, OPTIONS');
  });
});
