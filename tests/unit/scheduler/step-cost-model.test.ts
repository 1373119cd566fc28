import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StepCostModel, type StepShape } from '../../../src/scheduler/step-cost-model.ts';

/** GPT-2 small. */
const WORK = { perRow: 85e6, perLogitRow: 38.6e6, perScore: 18_432 };
const decodes = (numRows: number, context = 128): StepShape => ({
  numRows,
  numLogitRows: numRows,
  numScores: numRows * context,
});
const chunk = (numRows: number): StepShape => ({
  numRows,
  numLogitRows: 0,
  numScores: (numRows * (numRows + 1)) / 2,
});

/** A machine that reads the weights once a step, and then takes as long as the step has work. */
const machineMs = ({ numRows, numLogitRows, numScores }: StepShape): number =>
  12 + (numRows * WORK.perRow + numLogitRows * WORK.perLogitRow + numScores * WORK.perScore) / 40e6;

describe('StepCostModel', () => {
  it('knows before the first step that twice the work takes no less than once', () => {
    const model = new StepCostModel(WORK);
    expect(model.predictMs(decodes(16)) / model.predictMs(decodes(8))).toBeCloseTo(2);
    expect(model.predictMs(chunk(8))).toBeLessThan(model.predictMs(decodes(8)));
  });

  it('tells between two steps it has seen what lies between them', () => {
    const model = new StepCostModel(WORK);
    for (const shape of [decodes(1), chunk(128)]) model.record(shape, machineMs(shape));
    for (const numRows of [2, 4, 8, 32, 64, 112]) {
      const shape = chunk(numRows);
      // The one goes through the head and the other does not, a third of a row's work: all that it is off by.
      expect(model.predictMs(shape) / machineMs(shape)).toBeGreaterThan(0.7);
      expect(model.predictMs(shape) / machineMs(shape)).toBeLessThan(1.25);
    }
  });

  it('follows what lies on no line: a first row that waits for memory, tiles of four', () => {
    const model = new StepCostModel(WORK);
    const measured: [number, number][] = [[1, 18], [4, 26], [8, 60], [12, 62]]; // prettier-ignore
    for (const [numRows, ms] of measured) model.record(decodes(numRows), ms);
    for (const [numRows, ms] of measured) expect(model.predictMs(decodes(numRows))).toBeCloseTo(ms);
    expect(model.predictMs(decodes(3, (4 * 128) / 3))).toBeCloseTo(26);
  });

  it('takes a step beyond all it has seen to be no faster than the last', () => {
    const model = new StepCostModel(WORK);
    model.record(decodes(8), 60);
    expect(model.predictMs(decodes(32))).toBeCloseTo(240);
  });

  it('forgives a first step that compiles, and a pause now and then', () => {
    const model = new StepCostModel(WORK);
    for (const ms of [4000, 10, 10, 300, 10, 11]) model.record(decodes(8), ms);
    expect(model.predictMs(decodes(8))).toBeCloseTo(10);
    const two = new StepCostModel(WORK);
    for (const ms of [4000, 10]) two.record(decodes(8), ms);
    expect(two.predictMs(decodes(8))).toBeCloseTo(10);
  });

  it('follows a machine that becomes slower for good', () => {
    const model = new StepCostModel(WORK);
    for (let i = 0; i < 50; i++) model.record(decodes(8), 10);
    for (let i = 0; i < 4; i++) model.record(decodes(8), 30);
    expect(model.predictMs(decodes(8))).toBeCloseTo(30);
  });

  it('comes back to a size that was slow once, long ago', () => {
    const model = new StepCostModel(WORK);
    model.record(decodes(8), 60);
    model.record(chunk(128), 300);
    for (let i = 0; i < 3; i++) model.record(chunk(24), 2000);
    expect(model.predictMs(chunk(24))).toBeCloseTo(2000);
    for (let i = 0; i < 300; i++) model.record(decodes(8), 60);
    expect(model.predictMs(chunk(24))).toBeLessThan(150);
    // What it knows of the largest step is kept: nothing else tells of it.
    expect(model.predictMs(chunk(128))).toBeCloseTo(300);
  });

  it('does not believe for ever that the largest step was slower a token than a smaller one', () => {
    const model = new StepCostModel(WORK);
    model.record(chunk(128), 5000);
    for (let i = 0; i < 100; i++) model.record(decodes(8), 60);
    expect(model.predictMs(chunk(128))).toBeLessThan((60 * 128) / 8);
    model.record(chunk(128), 5000);
    expect(model.predictMs(chunk(128))).toBeCloseTo(5000);
  });

  it('predicts a time that lies within what its steps took a multiply-add, for any steps', () => {
    const size = fc.constantFrom(1, 2, 4, 8, 12, 16, 24, 32, 40, 64, 80, 128, 256, 512);
    const ms = fc.double({ min: 0.01, max: 1e4, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(size, ms), { minLength: 1, maxLength: 40 }), size, (steps, numRows) => {
        const model = new StepCostModel({ perRow: 1, perLogitRow: 0, perScore: 0 });
        for (const [rows, durationMs] of steps) model.record(decodes(rows), durationMs);
        const rates = steps.map(([rows, durationMs]) => durationMs / rows);
        const rate = model.predictMs(decodes(numRows)) / numRows;
        expect(rate).toBeGreaterThanOrEqual(Math.min(...rates) * (1 - 1e-9));
        expect(rate).toBeLessThanOrEqual(Math.max(...rates) * (1 + 1e-9));
      }),
    );
  });
});
