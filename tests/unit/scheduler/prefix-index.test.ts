import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK_SIZE, PrefixIndex } from '../../../src/scheduler/prefix-index.ts';

const tokens = (length: number, first = 0): number[] => Array.from({ length }, (_, i) => first + i);

describe('PrefixIndex', () => {
  it('finds what a lane holds, to the very token', () => {
    const index = new PrefixIndex(3);
    index.update(1, tokens(40), 40);
    index.update(2, tokens(20), 20);
    expect(index.find(tokens(50), 49)).toEqual({ numTokens: 40, lanes: [1] });
    expect(index.find(tokens(40), 39)).toEqual({ numTokens: 39, lanes: [1] });
    expect(index.find([...tokens(35), ...tokens(9, 100)], 43)).toEqual({ numTokens: 35, lanes: [1] });
    expect(index.find([...tokens(17), 0], 17)).toEqual({ numTokens: 17, lanes: [1, 2] });
  });

  it('does not look for less than a block', () => {
    const index = new PrefixIndex(1);
    index.update(0, tokens(40), 40);
    expect(index.find(tokens(BLOCK_SIZE), BLOCK_SIZE - 1)).toEqual({ numTokens: 0, lanes: [] });
    expect(index.find(tokens(BLOCK_SIZE + 1), BLOCK_SIZE)).toEqual({ numTokens: BLOCK_SIZE, lanes: [0] });
  });

  it('never finds across salts', () => {
    const index = new PrefixIndex(2);
    index.reset(0, 'a');
    index.update(0, tokens(40), 40);
    expect(index.find(tokens(40), 39).numTokens).toBe(0);
    expect(index.find(tokens(40), 39, 'b').numTokens).toBe(0);
    expect(index.find(tokens(40), 39, 'a')).toEqual({ numTokens: 39, lanes: [0] });
  });

  it('never finds a block behind others than it was computed behind', () => {
    const index = new PrefixIndex(1);
    index.update(0, tokens(48), 48);
    expect(index.find(tokens(32, BLOCK_SIZE), 31).numTokens).toBe(0);
    expect(index.find([...tokens(16), ...tokens(16, 32)], 31)).toEqual({ numTokens: 16, lanes: [0] });
  });

  it('forgets what was undone, and what a lane is reset from', () => {
    const index = new PrefixIndex(1);
    index.update(0, tokens(64), 64);
    index.update(0, tokens(64), 20);
    expect(index.find(tokens(64), 63)).toEqual({ numTokens: 20, lanes: [0] });
    index.reset(0);
    expect(index.find(tokens(64), 63).numTokens).toBe(0);
  });

  it('finds the longest of all, as a comparison with every lane does', () => {
    const length = fc.integer({ min: 0, max: 70 });
    // Few different tokens, so that beginnings are shared; the place where they part is anywhere.
    const list = fc
      .tuple(length, length, fc.nat(2))
      .map(([same, other, token]) => [
        ...new Array<number>(same).fill(7),
        ...new Array<number>(other).fill(token),
      ]);
    const salt = fc.constantFrom(undefined, 'a', 'b');
    const change = fc.record({ lane: fc.nat(3), list, salt, rollback: length });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), list, salt, (changes, prompt, promptSalt) => {
        const index = new PrefixIndex(4);
        const held = new Map<number, { list: number[]; salt: string | undefined }>();
        for (const { lane, list: full, salt: laneSalt, rollback } of changes) {
          index.reset(lane, laneSalt);
          index.update(lane, full, full.length);
          const numTokens = Math.min(rollback, full.length);
          index.update(lane, full, numTokens);
          held.set(lane, { list: full.slice(0, numTokens), salt: laneSalt });
        }
        const limit = Math.max(prompt.length - 1, 0);
        const lengths = [...held].map(([lane, content]) => {
          const parts = prompt.slice(0, limit).findIndex((token, i) => content.list[i] !== token);
          const common = parts === -1 ? limit : parts;
          return { lane, common: content.salt === promptSalt && common >= BLOCK_SIZE ? common : 0 };
        });
        const longest = Math.max(0, ...lengths.map(({ common }) => common));
        const match = index.find(prompt, limit, promptSalt);
        expect(match.numTokens).toBe(longest);
        const lanes = longest === 0 ? [] : lengths.filter(({ common }) => common === longest);
        expect([...match.lanes].sort()).toEqual(
          lanes.map((entry) => (entry as { lane: number }).lane).sort(),
        );
      }),
      { numRuns: 500 },
    );
  });
});
