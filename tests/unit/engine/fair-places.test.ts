import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairPlaces } from '../../../src/engine/fair-places.ts';

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

  it('never takes more than the bound and the shares of those who came later, and keeps its counts', () => {
    const visit = fc.record({
      clientId: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
      numPlaces: fc.integer({ min: 1, max: 12 }),
      leaves: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), fc.array(visit, { maxLength: 150 }), (bound, visits) => {
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
          } else {
            // Whoever is refused has its share, or would have more with this.
            const numClients = new Set([...taken.keys(), clientId]).size;
            expect(own + numPlaces).toBeGreaterThan(Math.floor(bound / numClients));
          }
          const all = [...taken.values()].reduce((sum, count) => sum + count, 0);
          expect(places.numTaken).toBe(all);
          const harmonic = Array.from({ length: 8 }, (_, i) => 1 / (i + 1)).reduce((sum, part) => sum + part);
          expect(all).toBeLessThanOrEqual(bound * harmonic);
        }
      }),
    );
  });
});
