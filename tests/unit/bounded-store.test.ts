import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedStore } from '../../src/bounded-store.ts';
import { groupOf } from '../../src/fairness/client-id.ts';

const MAX_BYTES = 100_000;
const OWNERS = ['a/1', 'a/2', 'a/3', 'b/1', 'c'];

const createStore = (
  options: Partial<ConstructorParameters<typeof BoundedStore<string>>[0]> = {},
): BoundedStore<string> => new BoundedStore({ maxBytes: MAX_BYTES, ...options });

describe('BoundedStore', () => {
  it('keeps to its bound, and counts nothing once all is deleted, whatever is done with it', () => {
    const owner = fc.constantFrom(...OWNERS);
    const key = fc.constantFrom('k1', 'k2', 'k3', 'k4');
    const size = fc.integer({ min: 0, max: 40_000 });
    const action = fc.oneof(
      fc.tuple(fc.constant('add' as const), owner, key, size),
      fc.tuple(
        fc.constantFrom('delete' as const, 'use' as const, 'spare' as const),
        owner,
        key,
        fc.constant(0),
      ),
      fc.tuple(fc.constant('resize' as const), owner, key, size),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const held = new Map<string, string>();
        const store = createStore({ onRemove: (value) => void held.delete(value) });
        for (const [name, ownerId, entryKey, numBytes] of actions) {
          const value = `${ownerId} ${entryKey}`;
          if (name === 'add') {
            store.delete(ownerId, entryKey);
            held.set(value, entryKey);
            store.add(ownerId, entryKey, value, numBytes);
          } else if (name === 'delete') store.delete(ownerId, entryKey);
          else if (name === 'use') store.use(ownerId, entryKey);
          else if (name === 'spare') store.markSpare(ownerId, entryKey);
          else store.resize(ownerId, entryKey, numBytes);
          expect(store.numBytes).toBeLessThanOrEqual(MAX_BYTES);
          expect([...store.values()].toSorted()).toEqual([...held.keys()].toSorted());
        }
        for (const [value, entryKey] of [...held]) {
          const ownerId = value.slice(0, value.indexOf(' '));
          expect(store.find(ownerId, entryKey)).toBe(value);
          store.delete(ownerId, entryKey);
        }
        expect([store.size, store.numBytes]).toEqual([0, 0]);
      }),
    );
  });

  it('takes nothing of a group that holds less than its share, however many owners another has', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 20, maxLength: 60 });
    fc.assert(
      fc.property(sizes, (numBytes) => {
        const removed: string[] = [];
        const store = createStore({ onRemove: (_, ownerId) => removed.push(groupOf(ownerId)) });
        for (let i = 0; i < 4; i++) store.add('mine/1', `${i}`, '', 10_000);
        numBytes.forEach((size, i) => store.add(`theirs/${i}`, 'k', '', size));
        expect(removed).not.toContain('mine');
      }),
    );
  });

  it('lets go in an owner of what is spare, then of what was used least recently, then of what is in use', () => {
    const removed: string[] = [];
    const store = createStore({
      isInUse: (value) => value === 'k0',
      onRemove: (value) => removed.push(value),
    });
    for (let i = 0; i < 5; i++) store.add('a', `k${i}`, `k${i}`, 10_000);
    store.markSpare('a', 'k3');
    store.use('a', 'k1');
    for (let numBytes = 40_000; numBytes >= 0; numBytes -= 10_000) store.shrinkTo(numBytes + 5000);
    expect(removed).toEqual(['k3', 'k2', 'k4', 'k1', 'k0']);
  });

  it('shrinks what is in use and leaves it, where it is told how', () => {
    const store = createStore({
      isInUse: (value) => value !== 'ended',
      shrink: (value) => value !== 'fixed' && store.resize('a', value, -1000),
    });
    store.add('a', 'fixed', 'fixed', 60_000);
    store.add('a', 'running', 'running', 10_000);
    store.add('a', 'ended', 'ended', 10_000);
    store.shrinkTo(75_000);
    expect([...store.values()]).toEqual(['fixed', 'running']);
    const { numBytes } = store;
    store.shrinkTo(numBytes - 3000);
    expect(store.numBytes).toBe(numBytes - 3000);
  });

  it('forgets what was not used for its time', () => {
    let nowMs = 0;
    const store = createStore({ keptMs: 100, now: () => nowMs });
    for (const key of ['k1', 'k2', 'k3']) store.add('a', key, key, 0);
    nowMs = 99;
    expect(store.use('a', 'k2')).toBe('k2');
    expect(store.find('a', 'k3')).toBe('k3');
    expect(store.find('b', 'k3')).toBeUndefined();
    nowMs = 100;
    expect(store.find('a', 'k1')).toBeUndefined();
    expect([...store.values()]).toEqual(['k2']);
  });
});
