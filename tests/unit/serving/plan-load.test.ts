import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planLoad, type ResidentModel } from '../../../src/serving/plan-load.ts';

const NOW = 100;

const model = (id: string, bytes: number, more: Partial<ResidentModel> = {}): ResidentModel => ({
  id,
  bytes,
  lastUsedAt: 0,
  isBusy: false,
  isPinned: false,
  staysUntil: 0,
  ...more,
});

describe('planLoad', () => {
  it('unloads nobody where there is room', () => {
    expect(planLoad(40, 100, [model('a', 60)], NOW)).toEqual({ kind: 'load', unload: [] });
  });

  it('unloads the least recently used, and no more than must leave', () => {
    const residents = [
      model('newest', 30, { lastUsedAt: 3 }),
      model('oldest', 30, { lastUsedAt: 1 }),
      model('older', 30, { lastUsedAt: 2 }),
    ];
    expect(planLoad(40, 100, residents, NOW)).toEqual({ kind: 'load', unload: ['oldest'] });
    expect(planLoad(60, 100, residents, NOW)).toEqual({ kind: 'load', unload: ['oldest', 'older'] });
  });

  it('waits for busy ones, and unloads nobody before that makes the room', () => {
    const residents = [model('idle', 30), model('busy', 60, { isBusy: true })];
    expect(planLoad(41, 100, residents, NOW)).toEqual({
      kind: 'wait',
      yielding: ['idle', 'busy'],
      retryAt: undefined,
    });
    expect(planLoad(40, 100, residents, NOW)).toEqual({ kind: 'load', unload: ['idle'] });
  });

  it('leaves alone who has not had their time, and says when the first has', () => {
    const residents = [
      model('busy', 30, { isBusy: true, staysUntil: NOW }),
      model('idle', 30, { staysUntil: NOW + 20 }),
      model('loading', 30, { isBusy: true, staysUntil: Infinity }),
    ];
    expect(planLoad(20, 100, residents, NOW)).toEqual({
      kind: 'wait',
      yielding: ['busy'],
      retryAt: NOW + 20,
    });
    expect(planLoad(60, 100, residents, NOW)).toEqual({ kind: 'wait', yielding: [], retryAt: NOW + 20 });
    expect(planLoad(20, 100, residents, NOW + 20)).toEqual({ kind: 'load', unload: ['idle'] });
  });

  it('refuses what does not fit beside those that stay, though all others leave', () => {
    const residents = [model('default', 60, { isPinned: true }), model('other', 10)];
    expect(planLoad(41, 100, residents, NOW)).toEqual({ kind: 'refuse' });
    expect(planLoad(40, 100, residents, NOW)).toEqual({ kind: 'load', unload: ['other'] });
  });

  it('never leaves more in memory than the limit, nor unloads who is busy, pinned or has time left', () => {
    const resident = fc.record({
      bytes: fc.nat(50),
      lastUsedAt: fc.nat(9),
      isBusy: fc.boolean(),
      isPinned: fc.boolean(),
      staysUntil: fc.constantFrom(0, NOW, NOW + 1, Infinity),
    });
    fc.assert(
      fc.property(fc.nat(120), fc.array(resident, { maxLength: 8 }), (needed, drawn) => {
        const residents = drawn.map((one, index) => ({ ...one, id: String(index) }));
        const plan = planLoad(needed, 100, residents, NOW);
        const sum = (ones: readonly ResidentModel[]): number =>
          ones.reduce((total, { bytes }) => total + bytes, 0);
        const staying = residents.filter(
          ({ isBusy, isPinned, staysUntil }) => isBusy || isPinned || staysUntil > NOW,
        );
        // It loads exactly when it fits beside those that cannot leave.
        expect(plan.kind === 'load').toBe(
          needed + sum(staying) <= 100 && needed + sum(residents.filter((one) => one.isPinned)) <= 100,
        );
        if (plan.kind === 'wait' && plan.yielding.length > 0) {
          const left = residents.filter(({ id }) => !plan.yielding.includes(id));
          expect(needed + sum(left)).toBeLessThanOrEqual(100);
        }
        if (plan.kind !== 'load') return;
        const left = residents.filter(({ id }) => !plan.unload.includes(id));
        expect(needed + sum(left)).toBeLessThanOrEqual(100);
        expect(left).toEqual(expect.arrayContaining(staying));
      }),
    );
  });
});
