import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairCapacity } from '../../../src/fairness/fair-capacity.ts';

describe('FairCapacity', () => {
  it('lets one client have them all while nobody else comes', () => {
    const capacity = new FairCapacity();
    capacity.take('a', 9);
    expect([capacity.canTake('a', 1, 10), capacity.canTake('a', 2, 10)]).toEqual([true, false]);
  });

  it('lets a client in that has less than an equal share, and nobody who has it', () => {
    const capacity = new FairCapacity();
    capacity.take('flood', 10);
    expect([capacity.canTake('flood', 1, 10), capacity.canTake('late', 6, 10)]).toEqual([false, false]);
    expect(capacity.canTake('late', 5, 10)).toBe(true);
    capacity.take('late', 5);
    expect(capacity.canTake('late', 1, 10)).toBe(false);
    expect([capacity.canTake('third', 3, 10), capacity.canTake('third', 4, 10)]).toEqual([true, false]);
    capacity.giveBack('flood', 10);
    expect(capacity.canTake('late', 5, 10)).toBe(true);
  });

  it('keeps no group out by however many members of another', () => {
    const capacity = new FairCapacity();
    for (let member = 0; member < 256; member++) capacity.take(`many/${member}`, 1);
    expect(capacity.canTake('many/256', 1, 256)).toBe(false);
    expect([capacity.canTake('few/one', 128, 256), capacity.canTake('few/one', 129, 256)]).toEqual([
      true,
      false,
    ]);
    capacity.take('few/one', 128);
    // The second member of a group that has its share gets in as well, for an equal part of that.
    expect([capacity.canTake('few/two', 64, 256), capacity.canTake('few/two', 65, 256)]).toEqual([
      true,
      false,
    ]);
    expect(capacity.canTake('many/0', 1, 256)).toBe(false);
  });

  it('lets each group have one, though there are more of them than that', () => {
    const capacity = new FairCapacity();
    for (let group = 0; group < 10; group++) {
      expect(capacity.canTake(`${group}/one`, 1, 4)).toBe(true);
      capacity.take(`${group}/one`, 1);
    }
    expect(capacity.canTake('0/two', 1, 4)).toBe(false);
    expect(capacity.canTake('new/one', 1, 0)).toBe(false);
  });

  it('lets in whom its definition lets in, within its bound, and keeps its counts', () => {
    const [numGroups, numMembers] = [5, 4];
    const visit = fc.record({
      group: fc.nat(numGroups - 1),
      member: fc.nat(numMembers - 1),
      amount: fc.integer({ min: 1, max: 12 }),
      leaves: fc.boolean(),
    });
    const harmonic = (count: number): number =>
      Array.from({ length: count }, (_, i) => 1 / (i + 1)).reduce((sum, part) => sum + part, 0);
    const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), fc.array(visit, { maxLength: 200 }), (bound, visits) => {
        const capacity = new FairCapacity();
        /** taken[group][member] */
        const taken = Array.from({ length: numGroups }, () => new Array<number>(numMembers).fill(0));
        for (const { group, member, amount, leaves } of visits) {
          const members = taken[group] ?? [];
          const own = members[member] ?? 0;
          const clientId = `${group}/${member}`;
          if (leaves) {
            capacity.giveBack(clientId, own);
            members[member] = 0;
          } else {
            const numOtherGroups = taken.filter((one, i) => i !== group && sum(one) > 0).length;
            const groupShare = Math.max(Math.floor(bound / (numOtherGroups + 1)), Math.min(bound, 1));
            const numOtherMembers = members.filter((count, i) => i !== member && count > 0).length;
            const memberShare = Math.floor(groupShare / (numOtherMembers + 1));
            const getsIn =
              sum(taken.map(sum)) + amount <= bound ||
              sum(members) + amount <= groupShare ||
              own + amount <= memberShare;
            expect(capacity.canTake(clientId, amount, bound)).toBe(getsIn);
            if (!getsIn) continue;
            capacity.take(clientId, amount);
            members[member] = own + amount;
          }
          expect(capacity.numTaken).toBe(sum(taken.map(sum)));
          const most = bound * harmonic(numGroups) * harmonic(numMembers) + numGroups;
          expect(capacity.numTaken).toBeLessThanOrEqual(most);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('has the bound of one level where every client is a group', () => {
    const visit = fc.record({
      clientId: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
      amount: fc.integer({ min: 1, max: 12 }),
      leaves: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 40 }), fc.array(visit, { maxLength: 150 }), (bound, visits) => {
        const capacity = new FairCapacity();
        const taken = new Map<string, number>();
        for (const { clientId, amount, leaves } of visits) {
          const own = taken.get(clientId) ?? 0;
          if (leaves) {
            capacity.giveBack(clientId, own);
            taken.delete(clientId);
          } else if (capacity.canTake(clientId, amount, bound)) {
            capacity.take(clientId, amount);
            taken.set(clientId, own + amount);
          }
          const harmonic = Array.from({ length: 8 }, (_, i) => 1 / (i + 1)).reduce((sum, part) => sum + part);
          expect(capacity.numTaken).toBeLessThanOrEqual(bound * harmonic);
        }
      }),
    );
  });
});
