import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NOTHING } from '../../../src/scheduler/step-budgets.ts';
import { Scheduler, type ScheduledStep } from '../../../src/scheduler/scheduler.ts';
import { createSequence } from '../../../src/scheduler/sequence.ts';
import { StepCostModel, type StepShape } from '../../../src/scheduler/step-cost-model.ts';

const WORK = { perRow: 85e6, perLogitRow: 38.6e6, perScore: 18_432 };
const MAX_ROWS = 128;
const promptOf = (length: number, first = 0): number[] => Array.from({ length }, (_, i) => first + i);
let numMade = 0;

/** A scheduler over a machine whose steps take `machineMs`. */
class Simulation {
  readonly costs = new StepCostModel(WORK);
  readonly scheduler: Scheduler;
  readonly #machineMs: (shape: StepShape) => number;

  constructor(machineMs: (shape: StepShape) => number, maxNumSeqs = 32, maxNumBatchedTokens = MAX_ROWS) {
    this.#machineMs = machineMs;
    this.scheduler = new Scheduler({
      numPages: 1024,
      numSeats: maxNumSeqs,
      maxNumBatchedTokens,
      prefixCache: false,
      costs: this.costs,
    });
  }

  add(promptLength: number): void {
    this.scheduler.add(createSequence(numMade++, promptOf(promptLength, numMade * 1000), 1000));
  }

  step(): { step: ScheduledStep; ms: number } {
    const step = this.scheduler.schedule();
    if (step === undefined) throw new Error('nothing to run');
    const ms = this.#machineMs(step.shape);
    this.scheduler.advance(step, ms);
    for (const { sequence, completesTokens } of step.sequences)
      if (completesTokens) sequence.tokenIds.push(0);
    return { step, ms };
  }

  /** Streams that decode, and have for a while. */
  startStreams(numStreams: number): number {
    for (let i = 0; i < numStreams; i++) this.add(16);
    for (let i = 0; i < 40; i++) this.step();
    return this.step().ms;
  }

  /** Steps until nothing is left to prefill: how long each took. */
  prefillMs(): number[] {
    const times: number[] = [];
    for (;;) {
      const { step, ms } = this.step();
      if (step.shape.numRows === step.sequences.length) return times;
      times.push(ms);
    }
  }
}

const linear =
  (fixedMs: number, rowMs: number, scoreMs = 0) =>
  ({ numRows, numLogitRows, numScores }: StepShape): number =>
    fixedMs + rowMs * (numRows + 0.45 * numLogitRows) + scoreMs * numScores;

describe('prefill beside decodes', () => {
  it.each([
    ['wasm', linear(10, 2.2, 1e-4)],
    ['a machine of which one row waits for memory', ({ numRows }: StepShape) => 40 + numRows],
    ['tiles of four', ({ numRows }: StepShape) => 10 + 8 * Math.ceil(numRows / 4)],
    ['attention that weighs much', linear(10, 0.5, 5e-4)],
  ])('keeps the steps of 8 streams below 2.5 times the steady one: %s', (_, machineMs) => {
    const simulation = new Simulation(machineMs);
    const steadyMs = simulation.startStreams(8);
    simulation.add(900);
    const times = simulation.prefillMs();
    expect(Math.max(...times)).toBeLessThanOrEqual(2.5 * steadyMs);
    // Most of what may be taken is taken.
    expect(times.reduce((sum, ms) => sum + ms, 0) / times.length).toBeGreaterThan(1.5 * steadyMs);
  });

  it('takes whole steps where nobody decodes', () => {
    const simulation = new Simulation(linear(10, 2));
    simulation.add(900);
    expect(simulation.step().step.shape.numRows).toBe(MAX_ROWS);
    expect(simulation.step().step.shape.numRows).toBe(MAX_ROWS);
  });

  it('takes whole steps where rows cost nothing', () => {
    const simulation = new Simulation(() => 5);
    simulation.startStreams(8);
    simulation.add(900);
    simulation.prefillMs();
    simulation.add(900);
    expect(simulation.step().step.shape.numRows).toBe(MAX_ROWS);
  });

  it('fills tiles of four', () => {
    const simulation = new Simulation(linear(10, 2.2));
    simulation.startStreams(7);
    simulation.add(900);
    simulation.prefillMs();
    simulation.add(900);
    const sizes = Array.from({ length: 5 }, () => simulation.step().step.shape.numRows);
    expect(sizes.map((numRows) => numRows % 4)).toEqual([0, 0, 0, 0, 0]);
  });

  it('lets a burst of prompts begin together, whoever began first', () => {
    const machineMs = linear(10, 2.2);
    const burst = new Simulation(machineMs);
    for (const numRows of [1, 4, 8, 16]) {
      const shape = { numRows, numLogitRows: numRows, numScores: 0 };
      burst.costs.record(shape, machineMs(shape));
    }
    for (let i = 0; i < 16; i++) burst.add(128);
    const [first = NaN, second = NaN] = burst.prefillMs();
    expect(first).toBeGreaterThan(128 * 2.2);
    // One decodes and fifteen do not: for its sake they would wait 120 steps of 16 rows.
    expect(second).toBeGreaterThan(48 * 2.2);
  });

  it('says how much may come between two steps', () => {
    const simulation = new Simulation(linear(10, 2.2));
    const rowsAt = (position: number): number =>
      simulation.scheduler.rowsBetween()(NOTHING, position, MAX_ROWS);
    expect(rowsAt(0)).toBe(MAX_ROWS);
    const steadyMs = simulation.startStreams(8);
    expect(rowsAt(0)).toBeGreaterThan(0);
    expect(10 + 2.2 * rowsAt(0)).toBeLessThanOrEqual(1.5 * steadyMs);
  });

  it('counts what the rows between two steps look at', () => {
    const simulation = new Simulation(linear(20, 0.2, 5e-4));
    simulation.startStreams(8);
    const rowsBetween = simulation.scheduler.rowsBetween();
    expect(rowsBetween(NOTHING, 20_000, MAX_ROWS)).toBeLessThan(rowsBetween(NOTHING, 0, MAX_ROWS));
  });

  it('lets a stream wait for prompts or for work between two steps, not for both, and starves neither', () => {
    const machineMs = linear(10, 2.2);
    const simulation = new Simulation(machineMs);
    const steadyMs = simulation.startStreams(8);
    const { scheduler } = simulation;
    for (let i = 0; i < 8; i++) simulation.add(900);
    let [numBetween, numPrompt] = [0, 0];
    for (let round = 0; round < 40; round++) {
      const numRows = scheduler.rowsBetween()(NOTHING, 0, MAX_ROWS);
      if (numRows > 0) scheduler.tookBetween();
      const { step, ms } = simulation.step();
      const betweenMs = numRows === 0 ? 0 : machineMs({ ...NOTHING, numRows });
      expect(betweenMs + ms).toBeLessThanOrEqual(2.5 * steadyMs);
      numBetween += numRows;
      numPrompt += step.shape.numRows - 8;
    }
    expect(Math.min(numBetween, numPrompt)).toBeGreaterThan(20 * 8);
  });

  it('never starves a prompt, however long a step would take', () => {
    const shape = fc.record({
      numStreams: fc.integer({ min: 1, max: 12 }),
      promptLength: fc.integer({ min: 2, max: 300 }),
      maxRows: fc.integer({ min: 1, max: 200 }),
      rowMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
    });
    fc.assert(
      fc.property(shape, ({ numStreams, promptLength, maxRows, rowMs }) => {
        const simulation = new Simulation(({ numRows }) => 1 + rowMs * numRows ** 2, 13, maxRows);
        simulation.startStreams(numStreams);
        simulation.add(promptLength);
        const numSteps = simulation.prefillMs().length;
        expect(numSteps).toBeLessThanOrEqual(Math.ceil(promptLength / Math.max(1, Math.floor(maxRows / 8))));
      }),
      { numRuns: 60 },
    );
  });
});
