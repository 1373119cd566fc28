import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { RequestRecord } from '../../../../src/engine/engine.ts';
import { EngineError, invalidField } from '../../../../src/errors.ts';
import { RequestLog } from '../../../../src/http/middleware/request-log.ts';
import { RequestScope } from '../../../../src/http/request-scope.ts';
import { parseInput } from '../../../../routes/shared/schemas/parse-input.ts';
import { timingHeaders } from '../../../../src/http/middleware/answer-headers.ts';

const RECORD: RequestRecord = {
  id: 'r1',
  ownerId: 'someone',
  status: 'finished',
  finishReasons: ['stop', 'length', 'stop'],
  n: 3,
  maxTokens: 10,
  mostGeneratedTokens: 10,
  usage: { numPromptTokens: 4, numGeneratedTokens: 30, numReasoningTokens: 0, numCachedTokens: 1 },
  timings: { queueMs: 100, ttftMs: 150.126, tpotMs: 10, totalMs: 600 },
  numWastedTokens: 0,
};

const openApiDocument = readFileSync(
  fileURLToPath(new URL('../../../../openapi.yaml', import.meta.url)),
  'utf8',
);

function lineOf(
  record?: Partial<RequestRecord>,
  error?: EngineError,
  { path = '/v1/completions', method = 'POST', showsTexts = false } = {},
): Record<string, unknown> {
  const scope = new RequestScope('r1', method, path, vi.fn());
  if (record !== undefined) scope.attachCompletion({ record: () => ({ ...RECORD, ...record }) });
  scope.error = error;
  const log = new RequestLog(pino({ level: 'silent' }), { openApiDocument, showsTexts });
  return log.lineOf({ scope, status: 200, durationMs: 601.239 });
}

describe('the line of a request', () => {
  it('has counts, times and the rate of generated tokens', () => {
    expect(lineOf({})).toEqual({
      requestId: 'r1',
      method: 'POST',
      path: '/v1/completions',
      status: 200,
      durationMs: 601.24,
      ended: 'stop, length',
      promptTokens: 4,
      completionTokens: 30,
      cachedTokens: 1,
      queueMs: 100,
      ttftMs: 150.13,
      // 30 tokens in the 500 ms after the queue.
      tokensPerSecond: 60,
    });
  });

  it('has no times that were never reached', () => {
    const line = lineOf({ timings: { totalMs: 50 }, cancelCause: 'disconnect', numWastedTokens: 2 });
    expect(line).not.toHaveProperty('queueMs');
    expect(line).not.toHaveProperty('tokensPerSecond');
    expect(line).toMatchObject({ ended: 'abort: disconnect', wastedTokens: 2 });
  });

  it('says how it ended', () => {
    expect(lineOf()).toMatchObject({ ended: 'ok' });
    expect(lineOf(undefined, new EngineError('queue_full', 'full'))).toMatchObject({
      ended: 'error: queue_full',
      error: 'full',
    });
    expect(lineOf({ errorCode: 'request_timeout', cancelCause: 'timeout' })).toMatchObject({
      ended: 'error: request_timeout',
    });
  });
});

describe('what a client wrote', () => {
  it.each([
    [
      'a value in a message',
      new EngineError('model_not_found', "no model 'my secret'", { param: 'model' }),
      'model',
    ],
    ['a field of its own', invalidField('my secret', 'is unknown'), '…'],
    [
      'a field in one of ours',
      invalidField('tools[0].function.my secret[12]', 'no'),
      'tools[0].function.…[12]',
    ],
    ['what is no place', invalidField('a "my secret" at /v1/x', 'no'), '…/v1/…'],
  ])('is not in it: %s', (_, error, param) => {
    const line = lineOf(undefined, error);
    expect(line).toMatchObject({ ended: `error: ${error.code}`, param });
    expect(JSON.stringify(line)).not.toContain('secret');
  });

  it('is not in it as a path or a method, whose known parts are', () => {
    const asked = { path: '/v1/v1/chat/completions/my-secret', method: 'SECRET' };
    expect(lineOf(undefined, undefined, asked)).toMatchObject({
      path: '/v1/v1/chat/completions/…',
      method: 'other',
    });
  });

  it('is in it with LOG_PROMPTS', () => {
    const error = invalidField('my secret', 'is unknown');
    expect(lineOf(undefined, error, { showsTexts: true })).toMatchObject({ error: 'my secret is unknown' });
  });

  it('is told by the place in the code that refused it', () => {
    const ask = (): unknown => parseInput(z.object({ prompt: z.string() }), { prompt: 5 });
    const line = lineOf(undefined, errorOf(ask));
    const at = expect.stringMatching(/^routes\/shared\/schemas\/parse-input\.ts:\d+$/) as string;
    expect(line).toMatchObject({ param: 'prompt', at });
  });
});

function errorOf(work: () => unknown): EngineError {
  try {
    work();
  } catch (error) {
    if (error instanceof EngineError) return error;
  }
  throw new Error('it was to throw one of ours');
}

describe('RequestScope', () => {
  it('ends with its headers, or with its stream when it is held', () => {
    const onEnd = vi.fn();
    new RequestScope('r1', 'GET', '/', onEnd).respond(204);
    expect(onEnd).toHaveBeenCalledOnce();
    const streamed = new RequestScope('r2', 'GET', '/', onEnd);
    streamed.hold();
    streamed.respond(200);
    expect(onEnd).toHaveBeenCalledOnce();
    streamed.end();
    streamed.end();
    expect(onEnd).toHaveBeenCalledTimes(2);
    expect(onEnd.mock.lastCall?.[0]).toMatchObject({ status: 200, scope: streamed });
  });
});

describe('timingHeaders', () => {
  it('leaves out what is not known', () => {
    expect(timingHeaders(undefined, 5)).toEqual({
      'x-total-time': '5.00',
      'server-timing': 'total;dur=5.00',
    });
    expect(timingHeaders({ ...RECORD, timings: { queueMs: 3, totalMs: 9 } }, 10)).toEqual({
      'x-queue-time': '3.00',
      'x-total-time': '10.00',
      'server-timing': 'queue;dur=3.00, total;dur=10.00',
      'x-prompt-tokens': '4',
      'x-cached-tokens': '1',
      'x-generated-tokens': '30',
    });
  });
});
