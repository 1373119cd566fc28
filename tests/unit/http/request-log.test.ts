import { describe, expect, it, vi } from 'vitest';
import type { RequestRecord } from '../../../src/engine/engine.ts';
import { EngineError } from '../../../src/errors.ts';
import { requestLogLine } from '../../../src/http/request-log.ts';
import { RequestScope } from '../../../src/http/request-scope.ts';
import { timingHeaders } from '../../../src/http/timing-headers.ts';

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

function lineOf(record?: Partial<RequestRecord>, error?: EngineError): Record<string, unknown> {
  const scope = new RequestScope('r1', 'POST', '/v1/completions', vi.fn());
  if (record !== undefined) scope.attachCompletion({ record: () => ({ ...RECORD, ...record }) });
  scope.error = error;
  return requestLogLine({ scope, status: 200, durationMs: 601.239 });
}

describe('requestLogLine', () => {
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
