import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planLoad, type ResidentModel } from '../../../src/serving/plan-load.ts';

const model = (id: string, bytes: number, more: Partial<ResidentModel> = {}): ResidentModel => ({
  id,
  bytes,
  lastUsedAt: 0,
  isBusy: false,
  isPinned: false,
  ...more,
});

describe('planLoad', () => {
  it('unloads nobody where there is room', () => {
    expect(planLoad(40, 100, [model('a', 60)])).toEqual({ kind: 'load', unload: [] });
  });

  it('unloads the least recently used, and no more than must leave', () => {
    const residents = [
      model('newest', 30, { lastUsedAt: 3 }),
      model('oldest', 30, { lastUsedAt: 1 }),
      model('older', 30, { lastUsedAt: 2 }),
    ];
    expect(planLoad(40, 100, residents)).toEqual({ kind: 'load', unload: ['oldest'] });
    expect(planLoad(60, 100, residents)).toEqual({ kind: 'load', unload: ['oldest', 'older'] });
  });

  it('waits for busy ones, and unloads nobody before that makes the room', () => {
    const residents = [model('idle', 30), model('busy', 60, { isBusy: true })];
    expect(planLoad(41, 100, residents)).toEqual({ kind: 'wait' });
    expect(planLoad(40, 100, residents)).toEqual({ kind: 'load', unload: ['idle'] });
  });

  it('refuses what does not fit beside those that stay, though all others leave', () => {
    const residents = [model('default', 60, { isPinned: true }), model('other', 10)];
    expect(planLoad(41, 100, residents)).toEqual({ kind: 'refuse' });
    expect(planLoad(40, 100, residents)).toEqual({ kind: 'load', unload: ['other'] });
  });

  it('never leaves more in memory than the limit, nor unloads who is busy or pinned', () => {
    const resident = fc.record({
      bytes: fc.nat(50),
      lastUsedAt: fc.nat(9),
      isBusy: fc.boolean(),
      isPinned: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.nat(120), fc.array(resident, { maxLength: 8 }), (needed, drawn) => {
        const residents = drawn.map((one, index) => ({ ...one, id: String(index) }));
        const plan = planLoad(needed, 100, residents);
        const sum = (ones: readonly ResidentModel[]): number =>
          ones.reduce((total, { bytes }) => total + bytes, 0);
        const staying = residents.filter(({ isBusy, isPinned }) => isBusy || isPinned);
        // It loads exactly when it fits beside those that cannot leave.
        expect(plan.kind === 'load').toBe(
          needed + sum(staying) <= 100 && needed + sum(residents.filter((one) => one.isPinned)) <= 100,
        );
        if (plan.kind !== 'load') return;
        const left = residents.filter(({ id }) => !plan.unload.includes(id));
        expect(needed + sum(left)).toBeLessThanOrEqual(100);
        expect(left).toEqual(expect.arrayContaining(staying));
      }),
    );
  });
});
