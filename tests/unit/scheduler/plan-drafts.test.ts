import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planDrafts, type DraftCandidate } from '../../../src/scheduler/drafter.ts';
import { StepCostModel, type StepShape } from '../../../src/scheduler/step-cost-model.ts';

const decodes = (numRows: number): StepShape => ({ numRows, numLogitRows: numRows, numScores: 0 });
const candidates = (numSequences: number, acceptance: number): DraftCandidate[] =>
  Array.from({ length: numSequences }, () => ({ numComputedTokens: 100, acceptance, maxDraftTokens: 8 }));

/** A model that has seen steps of all sizes. */
function costsOf(machineMs: (numRows: number) => number): StepCostModel {
  const costs = new StepCostModel({ perRow: 1, perLogitRow: 1, perScore: 0 });
  for (let numRows = 1; numRows <= 128; numRows++) costs.record(decodes(numRows), machineMs(numRows));
  return costs;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const FREE = costsOf(() => 5);
/** As GPT-2 small in float32 on two cores. */
const CORES = costsOf((numRows) => 12 + 6 * Math.ceil(numRows / 4) + 1.5 * numRows);

describe('planDrafts', () => {
  it('drafts as much as there is where rows cost nothing', () => {
    expect(planDrafts(FREE, decodes(3), candidates(3, 0.5), 100)).toEqual([8, 8, 8]);
    expect(sum(planDrafts(FREE, decodes(3), candidates(3, 0.5), 10))).toBe(10);
  });

  it('drafts nothing where a row costs what a token brings', () => {
    const costs = costsOf((numRows) => numRows);
    expect(planDrafts(costs, decodes(8), candidates(8, 0.95), 100)).toEqual(new Array(8).fill(0));
  });

  it('drafts what is likely and leaves what is not', () => {
    expect(planDrafts(CORES, decodes(1), candidates(1, 0.05), 100)).toEqual([0]);
    expect(planDrafts(CORES, decodes(1), candidates(1, 0.95), 100)[0]).toBeGreaterThanOrEqual(3);
  });

  it('slows down nobody without a draft by more than a quarter', () => {
    const one: DraftCandidate = { numComputedTokens: 100, acceptance: 0.97, maxDraftTokens: 8 };
    const none: DraftCandidate = { numComputedTokens: 100, acceptance: 0, maxDraftTokens: 0 };
    const counts = planDrafts(CORES, decodes(2), [one, none], 100);
    const ms = CORES.predictMs(decodes(2 + sum(counts)));
    expect(ms).toBeLessThanOrEqual(1.25 * CORES.predictMs(decodes(2)));
    expect(planDrafts(CORES, decodes(2), [one, one], 100).every((count) => count > 2)).toBe(true);
  });

  it('never makes fewer tokens a second than without drafts, by its own reckoning, nor takes what it may not', () => {
    const candidate = fc.record({
      numComputedTokens: fc.integer({ min: 1, max: 1000 }),
      acceptance: fc.double({ min: 0, max: 0.97, noNaN: true }),
      maxDraftTokens: fc.integer({ min: 0, max: 8 }),
    });
    const machine = fc.record({
      fixedMs: fc.double({ min: 0.1, max: 50, noNaN: true }),
      rowMs: fc.double({ min: 0, max: 5, noNaN: true }),
    });
    fc.assert(
      fc.property(
        machine,
        fc.array(candidate, { minLength: 1, maxLength: 8 }),
        fc.nat(30),
        (m, list, maxRows) => {
          const costs = costsOf((numRows) => m.fixedMs + m.rowMs * numRows);
          const counts = planDrafts(costs, decodes(list.length), list, maxRows);
          expect(sum(counts)).toBeLessThanOrEqual(maxRows);
          const promised = list.map(({ acceptance, maxDraftTokens }, i) => {
            const count = counts[i] ?? NaN;
            expect(count).toBeLessThanOrEqual(maxDraftTokens);
            return sum(Array.from({ length: count }, (_, j) => acceptance ** (j + 1)));
          });
          const rateWithout = list.length / costs.predictMs(decodes(list.length));
          const rate = (list.length + sum(promised)) / costs.predictMs(decodes(list.length + sum(counts)));
          expect(rate).toBeGreaterThanOrEqual(rateWithout * (1 - 1e-9));
        },
      ),
    );
  });
});
