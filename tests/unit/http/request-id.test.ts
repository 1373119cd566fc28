import { describe, expect, it } from 'vitest';
import { chooseRequestId, fromBodyId, toBodyId, toChatBodyId } from '../../../src/http/request-id.ts';

const free = (): boolean => false;
const UUID = /^[\da-f-]{36}$/;

describe('chooseRequestId', () => {
  it.each(['a', 'A.b_c-9', 'x'.repeat(128)])('keeps %s', (id) => {
    expect(chooseRequestId(id, free)).toEqual({ id });
  });

  it.each([undefined, '', ' ', 'a b', 'a\n', 'é', 'a/b', 'x'.repeat(129), 'cmpl-'])(
    'makes one for %j',
    (id) => {
      expect(chooseRequestId(id, free)).toEqual({ id: expect.stringMatching(UUID) as string });
    },
  );

  it('tells of one that is in use, in either form, and makes another', () => {
    const isInFlight = (id: string): boolean => id === 'mine';
    for (const id of ['mine', 'cmpl-mine', 'chatcmpl-mine']) {
      const chosen = chooseRequestId(id, isInFlight);
      expect(chosen).toEqual({ id: expect.stringMatching(UUID) as string, takenId: 'mine' });
    }
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
