import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairPlaces } from '../../../src/fairness/fair-places.ts';

describe('FairPlaces', () => {
  it('lets one client have them all while nobody else comes', () => {
    const places = new FairPlaces();
    places.take('a', 9);
    expect([places.canTake('a', 1, 10), places.canTake('a', 2, 10)]).toEqual([true, false]);
  });

  it('lets a client in that has less than an equal share, and nobody who has it', () => {
    const places = new FairPlaces();
    places.take('flood', 10);
    expect([places.canTake('flood', 1, 10), places.canTake('late', 6, 10)]).toEqual([false, false]);
    expect(places.canTake('late', 5, 10)).toBe(true);
    places.take('late', 5);
    expect(places.canTake('late', 1, 10)).toBe(false);
    expect([places.canTake('third', 3, 10), places.canTake('third', 4, 10)]).toEqual([true, false]);
    places.giveBack('flood', 10);
    expect(places.canTake('late', 5, 10)).toBe(true);
  });

  it('keeps no group out by however many members of another', () => {
    const places = new FairPlaces();
    for (let member = 0; member < 256; member++) places.take(`many/${member}`, 1);
    expect(places.canTake('many/256', 1, 256)).toBe(false);
    expect([places.canTake('few/one', 128, 256), places.canTake('few/one', 129, 256)]).toEqual([true, false]);
    places.take('few/one', 128);
    // The second member of a group that has its share gets in as well, for an equal part of that.
    expect([places.canTake('few/two', 64, 256), places.canTake('few/two', 65, 256)]).toEqual([true, false]);
    expect(places.canTake('many/0', 1, 256)).toBe(false);
  });

  it('has a place for each group, though there are more of them than places', () => {
    const places = new FairPlaces();
    for (let group = 0; group < 10; group++) {
      expect(places.canTake(`${group}/one`, 1, 4)).toBe(true);
      places.take(`${group}/one`, 1);
    }
    expect(places.canTake('0/two', 1, 4)).toBe(false);
    expect(places.canTake('new/one', 1, 0)).toBe(false);
  });

  it('lets in whom its definition lets in, within its bound, and keeps its counts', () => {
    const [numGroups, numMembers] = [5, 4];
    const visit = fc.record({
      group: fc.nat(numGroups - 1),
      member: fc.nat(numMembers - 1),
      numPlaces: fc.integer({ min: 1, max: 12 }),
      leaves: fc.boolean(),
    });
    const harmonic = (count: number): number =>
      Array.from({ length: count }, (_, i) => 1 / (i + 1)).reduce((sum, part) => sum + part, 0);
    const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), fc.array(visit, { maxLength: 200 }), (bound, visits) => {
        const places = new FairPlaces();
        /** taken[group][member] */
        const taken = Array.from({ length: numGroups }, () => new Array<number>(numMembers).fill(0));
        for (const { group, member, numPlaces, leaves } of visits) {
          const members = taken[group] ?? [];
          const own = members[member] ?? 0;
          const clientId = `${group}/${member}`;
          if (leaves) {
            places.giveBack(clientId, own);
            members[member] = 0;
          } else {
            const numOtherGroups = taken.filter((one, i) => i !== group && sum(one) > 0).length;
            const groupShare = Math.max(Math.floor(bound / (numOtherGroups + 1)), Math.min(bound, 1));
            const numOtherMembers = members.filter((count, i) => i !== member && count > 0).length;
            const memberShare = Math.floor(groupShare / (numOtherMembers + 1));
            const getsIn =
              sum(taken.map(sum)) + numPlaces <= bound ||
              sum(members) + numPlaces <= groupShare ||
              own + numPlaces <= memberShare;
            expect(places.canTake(clientId, numPlaces, bound)).toBe(getsIn);
            if (!getsIn) continue;
            places.take(clientId, numPlaces);
            members[member] = own + numPlaces;
          }
          expect(places.numTaken).toBe(sum(taken.map(sum)));
          const most = bound * harmonic(numGroups) * harmonic(numMembers) + numGroups;
          expect(places.numTaken).toBeLessThanOrEqual(most);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('has the bound of one level where every client is a group', () => {
    const visit = fc.record({
      clientId: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
      numPlaces: fc.integer({ min: 1, max: 12 }),
      leaves: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 40 }), fc.array(visit, { maxLength: 150 }), (bound, visits) => {
        const places = new FairPlaces();
        const taken = new Map<string, number>();
        for (const { clientId, numPlaces, leaves } of visits) {
          const own = taken.get(clientId) ?? 0;
          if (leaves) {
            places.giveBack(clientId, own);
            taken.delete(clientId);
          } else if (places.canTake(clientId, numPlaces, bound)) {
            places.take(clientId, numPlaces);
            taken.set(clientId, own + numPlaces);
          }
          const harmonic = Array.from({ length: 8 }, (_, i) => 1 / (i + 1)).reduce((sum, part) => sum + part);
          expect(places.numTaken).toBeLessThanOrEqual(bound * harmonic);
        }
      }),
    );
  });
});
