import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scopedCacheSalt } from '../../../../../src/engine/client/completion/to-sequence-request.ts';

const request = fc.record({
  ownerId: fc.string(),
  cacheSalt: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
});

describe('scopedCacheSalt', () => {
  it('client: is the same exactly for one owner and one salt', () => {
    fc.assert(
      fc.property(request, request, (one, other) => {
        const isSame = one.ownerId === other.ownerId && one.cacheSalt === other.cacheSalt;
        expect(scopedCacheSalt('client', one) === scopedCacheSalt('client', other)).toBe(isSame);
        expect(scopedCacheSalt('client', one)).toBe(scopedCacheSalt('client', { ...one }));
      }),
    );
  });

  it('all: is the salt alone', () => {
    expect(scopedCacheSalt('all', { ownerId: 'a', cacheSalt: 's' })).toBe('s');
    expect(scopedCacheSalt('all', { ownerId: 'a', cacheSalt: undefined })).toBeUndefined();
  });
});
