import { describe, expect, it } from 'vitest';
import {
  chooseRequestId,
  fromBodyId,
  toBodyId,
  toChatBodyId,
} from '../../../../src/http/middleware/request-id.ts';

const UUID = /^[\da-f-]{36}$/;

describe('chooseRequestId', () => {
  it.each(['a', 'A.b_c-9', 'x'.repeat(128)])('keeps %s', (id) => {
    expect(chooseRequestId(id)).toBe(id);
  });

  it.each(['cmpl-mine', 'chatcmpl-mine', 'resp_mine'])('knows the form in a body: %s', (id) => {
    expect(chooseRequestId(id)).toBe('mine');
  });

  it.each([undefined, '', ' ', 'a b', 'a\n', 'é', 'a/b', 'x'.repeat(129), 'cmpl-'])(
    'makes one for %j',
    (id) => {
      expect(chooseRequestId(id)).toMatch(UUID);
    },
  );

  it('makes ids of which one tells nothing about another', () => {
    const ids = Array.from({ length: 1000 }, () => chooseRequestId(undefined));
    expect(new Set(ids).size).toBe(1000);
    // 122 bits of Node's cryptographic source: RFC 9562, version 4.
    for (const id of ids)
      expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  });
});

describe('body ids', () => {
  it('all forms name the same request', () => {
    expect(toBodyId('mine')).toBe('cmpl-mine');
    expect(fromBodyId('cmpl-mine')).toBe('mine');
    expect(toChatBodyId('mine')).toBe('chatcmpl-mine');
    expect(fromBodyId('chatcmpl-mine')).toBe('mine');
    expect(fromBodyId('mine')).toBe('mine');
  });

  it.each(['resp_', 'msg_'])('so do those of other APIs: %s', (prefix) => {
    expect(fromBodyId(`${prefix}mine`)).toBe('mine');
    // Only one prefix is taken off, and only at the start.
    expect(fromBodyId(`mine-${prefix}`)).toBe(`mine-${prefix}`);
  });
});
