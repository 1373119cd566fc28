import { describe, expect, it } from 'vitest';
import { KeyAccount, type LimitKind } from '../../../src/access/key-account.ts';
import { MemoryLimits } from '../../../src/access/memory-limits.ts';
import type { KeyLimits } from '../../../src/access/principal.ts';
import { TokenBudget } from '../../../src/access/token-budget.ts';

const store = new MemoryLimits();
let numKeys = 0;

/** Requests of one new key. */
function requestsOf(limits: KeyLimits): { begin: () => KeyAccount; refusals: LimitKind[] } {
  const keyId = `key-${numKeys++}`;
  const refusals: LimitKind[] = [];
  const owner = { keyId, keyName: 'alice', limits };
  return { begin: () => new KeyAccount(store, owner, (kind) => refusals.push(kind)), refusals };
}

async function remainingTokens(begin: () => KeyAccount): Promise<number | undefined> {
  const account = begin();
  await account.look();
  return account.states.tokens?.remaining;
}

describe('TokenBudget', () => {
  it('counts what is used where nothing limits it', async () => {
    const budget = new TokenBudget();
    await budget.reserve(1e9);
    budget.spend(3, 4);
    budget.spend(1, 0);
    await budget.settle();
    expect(budget).toMatchObject({ numPromptTokens: 4, numGeneratedTokens: 4 });
  });

  it('reserves what a request may need, and settles for what it used', async () => {
    const { begin } = requestsOf({ tokensPerMinute: 100 });
    const account = begin();
    await account.budget.reserve(70);
    expect(await remainingTokens(begin)).toBe(30);
    account.budget.spend(10, 15);
    await account.end();
    expect(await remainingTokens(begin)).toBe(75);
  });

  it('cannot be overrun by requests side by side', async () => {
    const { begin, refusals } = requestsOf({ tokensPerMinute: 100 });
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => begin().budget.reserve(30)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect(refusals).toEqual(new Array(7).fill('tokens'));
  });

  it('says when there will be enough, or that there never will', async () => {
    const { begin } = requestsOf({ tokensPerMinute: 100 });
    await begin().budget.reserve(60);
    const later = begin().budget.reserve(50);
    await expect(later).rejects.toMatchObject({ code: 'rate_limited', retryable: true });
    await expect(later).rejects.toMatchObject({ retryAfterMs: expect.any(Number) as number });
    await expect(later).rejects.toThrow('this request may need 50; it has 40 left');
    const never = begin().budget.reserve(101);
    await expect(never).rejects.toMatchObject({ code: 'rate_limited', retryable: false });
  });
});

describe('KeyAccount', () => {
  it('asks nothing of a key that has no such limit', async () => {
    const { begin, refusals } = requestsOf({ concurrency: 1 });
    const account = begin();
    await account.admit();
    await account.budget.reserve(1e9);
    expect(account.states).toEqual({});
    await account.end();
    expect(refusals).toEqual([]);
  });

  it('counts a request that is refused for want of a place, and gives back the place of one that ends', async () => {
    const { begin, refusals } = requestsOf({ requestsPerMinute: 3, concurrency: 1 });
    const first = begin();
    await first.admit();
    await expect(begin().admit()).rejects.toThrow('may have 1 requests in flight');
    await first.end();
    const third = begin();
    await third.admit();
    expect(third.states.requests).toMatchObject({ limit: 3, remaining: 0 });
    await third.end();
    await expect(begin().admit()).rejects.toThrow('may make 3 requests a minute; it has 0 left');
    expect(refusals).toEqual(['concurrency', 'requests']);
    // The one that was refused holds no place.
    expect(await store.enter('key-2', 1)).toBeDefined();
  });
});
