import { beforeEach, describe, expect, it } from 'vitest';
import type { Account, Taking } from '../../../src/access/limit-store.ts';
import { MemoryLimits } from '../../../src/access/memory-limits.ts';
import { SharedLimits, type LimitsFallback } from '../../../src/access/shared-limits.ts';

/** A store that answers, or fails. */
class Unsteady extends MemoryLimits {
  isReady = true;
  failure: Error | undefined;
  numAsked = 0;

  override async take(account: Account, keyId: string, number: number, limit: number): Promise<Taking> {
    this.numAsked++;
    if (this.failure !== undefined) throw this.failure;
    return super.take(account, keyId, number, limit);
  }
}

let shared: Unsteady;
let events: string[];
let nowMs: number;
beforeEach(() => {
  shared = new Unsteady();
  events = [];
  nowMs = 0;
});

const create = (fallback: LimitsFallback): SharedLimits =>
  new SharedLimits({
    shared,
    local: new MemoryLimits(),
    fallback,
    onLost: (reason) => events.push(`lost: ${reason}`),
    onBack: () => events.push('back'),
    nowMs: () => nowMs,
  });

const take = async (limits: SharedLimits): Promise<boolean> =>
  (await limits.take('requests', 'key', 1, 2)).isTaken;

describe('SharedLimits', () => {
  it('counts here while the shared store fails, and there again when it answers', async () => {
    const limits = create('local');
    expect(await take(limits)).toBe(true);
    shared.failure = new Error('Command timed out');
    expect([await take(limits), await take(limits), await take(limits)]).toEqual([true, true, false]);
    expect(limits).toMatchObject({ isShared: false, numFallbacks: 3 });
    shared.failure = undefined;
    nowMs += 1000;
    // One was taken before.
    expect([await take(limits), await take(limits)]).toEqual([true, false]);
    expect(limits.isShared).toBe(true);
    expect(events).toEqual(['lost: Command timed out', 'back']);
  });

  it('leaves a store that failed alone for a second, and one that is not ready altogether', async () => {
    const limits = create('local');
    shared.failure = new Error('gone');
    await take(limits);
    nowMs = 999;
    await take(limits);
    expect(shared.numAsked).toBe(1);
    nowMs = 1000;
    await take(limits);
    expect(shared.numAsked).toBe(2);
    shared.isReady = false;
    nowMs = 10_000;
    await take(limits);
    expect(shared.numAsked).toBe(2);
    expect(events).toEqual(['lost: gone']);
  });

  it('refuses, where it is told to', async () => {
    const limits = create('refuse');
    shared.isReady = false;
    await expect(take(limits)).rejects.toMatchObject({ code: 'limits_unavailable', retryable: true });
    shared.isReady = true;
    expect(await take(limits)).toBe(true);
  });

  it('gives back to the store that something was taken from', async () => {
    const limits = create('local');
    const before = await limits.take('tokens', 'key', 60, 100);
    shared.isReady = false;
    const meanwhile = await limits.take('tokens', 'key', 80, 100);
    await before.giveBack(60);
    expect(await limits.look('tokens', 'key', 100)).toMatchObject({ remaining: 20 });
    shared.isReady = true;
    expect(await limits.look('tokens', 'key', 100)).toMatchObject({ remaining: 100 });
    await meanwhile.giveBack(80);
    expect(await limits.look('tokens', 'key', 100)).toMatchObject({ remaining: 100 });
  });

  it('hears of a lost connection without a request, and says nothing of the end of its own', async () => {
    const limits = create('local');
    limits.lose('the connection was closed');
    limits.lose('again');
    limits.restore();
    await limits.close();
    limits.lose('the connection was closed');
    expect(events).toEqual(['lost: the connection was closed', 'back']);
  });
});
