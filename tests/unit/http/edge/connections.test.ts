import { describe, expect, it } from 'vitest';
import { networkToCut } from '../../../../src/http/edge/connections.ts';

describe('networkToCut', () => {
  it.each<[Record<string, number>, string, string | undefined]>([
    [{}, 'a', undefined],
    [{ a: 10 }, 'a', undefined],
    [{ a: 10 }, 'b', 'a'],
    [{ a: 2 }, 'b', 'a'],
    // Each would have as many: that gains nothing.
    [{ a: 1 }, 'b', undefined],
    [{ a: 5, b: 4 }, 'b', undefined],
    [{ a: 6, b: 4 }, 'b', 'a'],
    [{ a: 6, b: 9, c: 8 }, 'd', 'b'],
    [{ a: 6, b: 9, c: 8 }, 'b', undefined],
  ])('%j: for %s it is %s', (counts, newcomer, network) => {
    expect(networkToCut(new Map(Object.entries(counts)), newcomer)).toBe(network);
  });
});
