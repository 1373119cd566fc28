import { describe, expect, it } from 'vitest';
import { parseNewKey } from '../../../src/access/parse-new-key.ts';

const NOW = new Date('2026-11-26T12:00:00Z');

describe('parseNewKey', () => {
  it('reads every flag', () => {
    const flags = {
      admin: true,
      'requests-per-minute': '60',
      'tokens-per-minute': '90000',
      concurrency: '4',
      models: 'owner/name, @cf/meta/llama',
      expires: '2027-01-31',
    };
    expect(parseNewKey('alice', flags, NOW)).toEqual({
      name: 'alice',
      isAdmin: true,
      limits: { requestsPerMinute: 60, tokensPerMinute: 90_000, concurrency: 4 },
      models: ['owner/name', '@cf/meta/llama'],
      expiresAt: '2027-01-31T00:00:00.000Z',
    });
  });

  it('gives a key no limit that it is not told of', () => {
    expect(parseNewKey('alice', {}, NOW)).toEqual({
      name: 'alice',
      isAdmin: false,
      limits: {},
      models: undefined,
      expiresAt: undefined,
    });
  });

  it('takes a time with its zone', () => {
    const { expiresAt } = parseNewKey('alice', { expires: '2026-11-26T14:30:00+02:00' }, NOW);
    expect(expiresAt).toBe('2026-11-26T12:30:00.000Z');
  });

  it.each([
    ['', {}, /NAME is ''/],
    ['two words', {}, /NAME is 'two words'.*letters/],
    ['a'.repeat(65), {}, /NAME is/],
    ['0123456789abcdef', {}, /has the form of an id/],
    ['a', { concurrency: '0' }, /--concurrency is '0'/],
    ['a', { 'requests-per-minute': '1.5' }, /--requests-per-minute is '1.5': must be a whole number/],
    ['a', { 'tokens-per-minute': '-1' }, /--tokens-per-minute is '-1'/],
    ['a', { 'tokens-per-minute': '9'.repeat(20) }, /--tokens-per-minute/],
    ['a', { models: 'a,,b' }, /--models is 'a,,b'/],
    ['a', { expires: 'soon' }, /--expires is 'soon': must be a date like 2027-01-31/],
    ['a', { expires: '2027-02-30' }, /--expires/],
    ['a', { expires: '2026-11-26' }, /--expires is '2026-11-26': must lie in the future/],
  ])('refuses %j %j', (name, flags, message) => {
    expect(() => parseNewKey(name, flags, NOW)).toThrow(message);
    expect(() => parseNewKey(name, flags, NOW)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });
});
