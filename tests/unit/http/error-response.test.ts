import { describe, expect, it } from 'vitest';
import { EngineError, ERROR_CODES, toEngineError } from '../../../src/errors.ts';
import { toErrorResponse } from '../../../src/http/error-response.ts';

const FAMILIES = ['openai', 'workers-ai', 'anthropic'] as const;

describe('toErrorResponse', () => {
  it.each(ERROR_CODES)('%s has a status of its class, and says whether to retry', (code) => {
    for (const family of FAMILIES) {
      const error = new EngineError(code, 'why');
      const { status, headers } = toErrorResponse(error, { api: family }, 'r1');
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(600);
      expect(headers['x-should-retry']).toBe(String(error.retryable));
      expect(headers['retry-after'] !== undefined).toBe(status === 429 || status === 503);
    }
  });

  it.each([
    [1, '1', '1'],
    [999.2, '1', '1000'],
    [1000.5, '2', '1001'],
    [61_000, '61', '61000'],
    [undefined, '1', '1000'],
  ])('rounds %s ms up, to at least a second', (retryAfterMs, seconds, milliseconds) => {
    const error = new EngineError('queue_full', 'full', retryAfterMs === undefined ? {} : { retryAfterMs });
    const { headers } = toErrorResponse(error, {}, 'r1');
    expect(headers).toMatchObject({ 'retry-after': seconds, 'retry-after-ms': milliseconds });
  });

  it('names the field as each family does', () => {
    const error = new EngineError('invalid_request', 'why', { param: 'prompt[2]' });
    expect(toErrorResponse(error, {}, 'r1').body).toEqual({
      error: {
        message: 'why',
        type: 'invalid_request_error',
        code: 'invalid_request',
        param: 'prompt[2]',
        request_id: 'r1',
      },
    });
    expect(toErrorResponse(error, { api: 'workers-ai' }, 'r1').body).toEqual({
      result: null,
      success: false,
      errors: [{ code: 5004, message: 'why', source: { pointer: '/prompt/2' } }],
      messages: [],
    });
  });

  it.each([
    ['invalid_request', 'invalid_request_error'],
    ['method_not_allowed', 'invalid_request_error'],
    ['unauthorized', 'authentication_error'],
    ['forbidden', 'permission_error'],
    ['not_found', 'not_found_error'],
    ['model_not_found', 'not_found_error'],
    ['payload_too_large', 'request_too_large'],
    ['rate_limited', 'rate_limit_error'],
    ['queue_full', 'rate_limit_error'],
    ['engine_not_ready', 'overloaded_error'],
    ['request_timeout', 'timeout_error'],
    ['backend_failure', 'api_error'],
  ] as const)('calls %s %s in the envelope of Anthropic', (code, type) => {
    expect(toErrorResponse(new EngineError(code, 'why'), { api: 'anthropic' }, 'r1').body).toEqual({
      type: 'error',
      error: { type, message: 'why' },
      request_id: 'r1',
    });
  });

  it('shows no client the message of what nobody foresaw', () => {
    const error = toEngineError(new TypeError('secret'));
    expect(error.code).toBe('internal');
    for (const family of FAMILIES) {
      const { body } = toErrorResponse(error, { api: family }, 'r1');
      expect(JSON.stringify(body)).not.toContain('secret');
      expect(JSON.stringify(body)).toContain('r1');
    }
    expect(toEngineError(new EngineError('internal', 'x')).code).toBe('internal');
  });
});
