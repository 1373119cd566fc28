import { describe, expect, it } from 'vitest';
import type { RequestRecord } from '../../../../../src/engine/engine.ts';
import { RequestHistory } from '../../../../../src/engine/client/completion/request-history.ts';

const recordOf = (id: string, ownerId: string): RequestRecord => ({
  id,
  ownerId,
  status: 'finished',
  finishReasons: ['stop'],
  n: 1,
  maxTokens: 1,
  mostGeneratedTokens: 1,
  usage: { numPromptTokens: 1, numGeneratedTokens: 1, numReasoningTokens: 0, numCachedTokens: 0 },
  timings: { totalMs: 1 },
  numWastedTokens: 0,
});

describe('RequestHistory', () => {
  it('keeps records of one id apart by owner', () => {
    const history = new RequestHistory(() => 0);
    const [mine, theirs] = [recordOf('r', 'me'), recordOf('r', 'them')];
    history.add(mine);
    history.add(theirs);
    expect(history.find('r', 'me')).toBe(mine);
    expect(history.find('r', 'them')).toBe(theirs);
    expect(history.find('r', 'stranger')).toBeUndefined();
    expect(history.find('r')).toBe(theirs);
  });

  it('forgets the oldest beyond its bound, and all after ten minutes', () => {
    let nowMs = 0;
    const history = new RequestHistory(() => nowMs);
    for (let i = 0; i < 5000; i++) history.add(recordOf(`r${i}`, 'me'));
    const isKept = (id: number): boolean => history.find(`r${id}`, 'me') !== undefined;
    const firstKept = Array.from({ length: 5000 }, (_, id) => id).findIndex(isKept);
    expect(firstKept).toBeGreaterThan(3000);
    expect(firstKept).toBeLessThan(4000);
    expect(isKept(4999)).toBe(true);
    expect(history.numBytes).toBeLessThanOrEqual(2 ** 20);
    nowMs = 10 * 60_000;
    expect(history.find('r4999', 'me')).toBeUndefined();
    expect(history.find('r4999')).toBeUndefined();
    expect(history.numBytes).toBe(0);
  });

  it('lets the group that has most lose its oldest, whichever invents how many owners', () => {
    const history = new RequestHistory(() => 0);
    history.add(recordOf('mine', 'me/1'));
    for (let i = 0; i < 5000; i++) history.add(recordOf(`r${i}`, `greedy/${i}`));
    expect(history.find('mine', 'me/1')).toBeDefined();
    expect(history.find('r3000', 'greedy/3000')).toBeUndefined();
    expect(history.find('r4999', 'greedy/4999')).toBeDefined();
  });
});
