import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineCore } from '../../src/engine/worker/engine-core.ts';
import { ModelRunner } from '../../src/engine/worker/model-runner.ts';
import { StepFault } from '../../src/engine/step-fault.ts';
import { EngineError } from '../../src/errors.ts';
import { Sampler } from '../../src/sampling/sampler.ts';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import { runCore, sequenceRequest } from '../support/core-run.ts';
import { FaultyRuntime, type FaultTime } from '../support/faulty-runtime.ts';
import { readJsonFixture } from '../support/fixtures.ts';
import { RUNTIMES } from '../support/runtimes.ts';
import { someTokenIds, StepRunner } from '../support/step-runner.ts';

/** Greedy continuations by transformers on PyTorch (scripts/goldens). */
interface Golden {
  promptTokenIds: number[];
  tokenIds: number[];
}
const goldens = readJsonFixture('tiny-gpt2', 'completions.json') as Golden[];
const EOS = 0;
const NUM_SEATS = 3;
const TIMES: FaultTime[] = ['before', 'after'];

const request = (id: number, golden: number, prompt = goldens[golden]?.promptTokenIds ?? []) =>
  sequenceRequest(id, prompt, { maxTokens: 24, stopTokenIds: [EOS] });

describe.each(RUNTIMES)('a step that throws, on $label', ({ create }) => {
  let runtime: FaultyRuntime;
  let runner: StepRunner;

  beforeAll(async () => {
    runtime = new FaultyRuntime(await create());
    runner = await StepRunner.load(runtime, 'tiny-gpt2', NUM_SEATS);
  });
  afterAll(() => runtime.dispose());

  function createCore(): { core: EngineCore; scheduler: Scheduler } {
    const scheduler = new Scheduler({
      numSeats: NUM_SEATS,
      numPages: runner.cache.shape.numPages,
      maxNumBatchedTokens: 64,
      prefixCache: true,
    });
    const modelRunner = new ModelRunner(runner.loaded.model, runtime, runner.cache);
    return {
      scheduler,
      core: new EngineCore(scheduler, modelRunner, new Sampler(runner.loaded.config.vocabSize)),
    };
  }

  async function faultOf(step: Promise<unknown>): Promise<StepFault> {
    const thrown: unknown = await step.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (thrown instanceof StepFault) return thrown;
    throw new Error(`the step threw no StepFault but ${String(thrown)}`);
  }

  /** Every seat and page can be had, and none twice. */
  function expectAllFree(scheduler: Scheduler): void {
    const { queue } = scheduler;
    const reservations = Array.from({ length: NUM_SEATS + 1 }, () => queue.ask('', 1));
    expect(reservations.map((reservation) => queue.tryReserve(reservation))).toEqual([
      ...new Array<boolean>(NUM_SEATS).fill(true),
      false,
    ]);
    expect(new Set(reservations.map(({ pages }) => pages?.[0])).size).toBe(NUM_SEATS + 1);
    for (const reservation of reservations) queue.endReservation(reservation);
  }

  async function expectGoldens(core: EngineCore): Promise<void> {
    goldens.forEach((_, i) => core.submit(request(100 + i, i)));
    const outcomes = await runCore(core);
    goldens.forEach(({ tokenIds }, i) => expect(outcomes.get(100 + i)?.tokenIds).toEqual(tokenIds));
  }

  it.each(TIMES)(
    '%s computing ends its sequences; those that wait, and come later, are served',
    async (time) => {
      const { core, scheduler } = createCore();
      // The first three get a seat each, the others wait.
      goldens.forEach((_, i) => core.submit(request(i, i)));
      await core.step();
      const { numTensors } = runtime.memory();
      runtime.failNext(new TypeError('no such number'), time);
      const fault = await faultOf(core.step());
      expect(fault.kind).toBe('sequence');
      expect(fault.message).toBe('no such number');
      expect(fault.failedWork.map(({ id }) => id).sort()).toEqual([0, 1, 2]);
      for (const { id, numTokens, numComputedTokens } of fault.failedWork) {
        expect(numTokens).toBeGreaterThanOrEqual(goldens[id]?.promptTokenIds.length ?? NaN);
        expect(numComputedTokens).toBeGreaterThan(0);
      }
      expect([core.numSeatsUsed, core.pageCounts.numUsed]).toEqual([0, 0]);

      const outcomes = await runCore(core);
      expect([...outcomes.keys()].sort()).toEqual([3, 4, 5, 6, 7]);
      for (const [id, { tokenIds }] of outcomes) expect(tokenIds).toEqual(goldens[id]?.tokenIds);
      await expectGoldens(core);
      expect(runtime.memory().numTensors).toBe(numTensors);
      expectAllFree(scheduler);
    },
  );

  it.each(TIMES)('%s computing leaves no beginning behind that was not computed', async (time) => {
    const { core } = createCore();
    const goesOn = (id: number, tokenIds: readonly number[]) =>
      sequenceRequest(id, tokenIds, { maxTokens: 20, numLogprobs: undefined });
    // Long enough for its beginning to be found, and running, so that this is copied.
    const prompt = someTokenIds(40, runner.loaded.config.vocabSize, 3);
    const longer = [...prompt, 5, 6];
    const expected = createCore().core;
    expected.submit(goesOn(0, longer));
    const expectedIds = (await runCore(expected)).get(0)?.tokenIds;

    core.submit(goesOn(1, prompt));
    // It has gone on, so that a seat with the beginning alone would be the better one to start in.
    for (let i = 0; i < 4; i++) await core.step();
    core.submit(goesOn(2, longer));
    runtime.failNext(new RangeError('out of range'), time);
    expect((await faultOf(core.step())).failedWork).toHaveLength(2);
    core.submit(goesOn(3, longer));
    const outcome = (await runCore(core)).get(3);
    expect(outcome?.tokenIds).toEqual(expectedIds);
  });

  it('ends texts and inspections of its own, and nothing else', async () => {
    const { core, scheduler } = createCore();
    core.submit(request(0, 0));
    await core.step();
    core.addEmbedding(1, [5, 6, 7]);
    core.addInspection(2, { tokenIds: [5, 6, 7], layers: [0] });
    runtime.failNext(new Error('the first fault'), 'after');
    expect((await core.stepInspection())?.fault).toMatchObject({
      kind: 'inspection',
      failedWork: [{ id: 2, numTokens: 3, numComputedTokens: 0 }],
    });
    runtime.failNext(new Error('the second fault'), 'before');
    expect((await core.stepEmbeddings())?.fault).toMatchObject({
      kind: 'embedding',
      failedWork: [{ id: 1, numTokens: 3, numComputedTokens: 0 }],
    });
    expect([await core.stepInspection(), await core.stepEmbeddings()]).toEqual([undefined, undefined]);
    core.addEmbedding(3, [5, 6, 7]);
    expect((await core.stepEmbeddings())?.finished.map(({ id }) => id)).toEqual([3]);
    expect((await runCore(core)).get(0)?.tokenIds).toEqual(goldens[0]?.tokenIds.slice(1));
    expectAllFree(scheduler);
  });

  it('again, right after another, is thrown on; so is a device that failed', async () => {
    const { core } = createCore();
    core.submit(request(0, 0));
    runtime.failNext(new Error('once'), 'before');
    await faultOf(core.step());
    core.submit(request(1, 1));
    runtime.failNext(new Error('twice'), 'before');
    await expect(core.step()).rejects.toThrow(new Error('twice'));

    const failures = [
      new EngineError('backend_failure', 'the device is lost'),
      new WebAssembly.RuntimeError('unreachable'),
    ];
    for (const failure of failures) {
      const other = createCore().core;
      other.submit(request(0, 0));
      runtime.failNext(failure, 'before');
      await expect(other.step()).rejects.toBe(failure);
    }
  });

  it('after a step that worked is the first again', async () => {
    const { core } = createCore();
    for (let i = 0; i < 4; i++) {
      core.submit(request(i, 0));
      runtime.failNext(new Error('again'), 'after');
      await faultOf(core.step());
      core.submit(request(10 + i, 1));
      expect((await runCore(core)).get(10 + i)?.tokenIds).toEqual(goldens[1]?.tokenIds);
    }
  });

  it('is no matter of what is refused when it comes', async () => {
    const { core } = createCore();
    core.submit(request(0, 0));
    expect(() => core.submit(request(0, 1))).toThrow(/id 0 is not in use/);
    const { vocabSize } = runner.loaded.config;
    for (const tokenIds of [[], [vocabSize], [-1], [1.5], [NaN]]) {
      const refusal = /prompt (has no tokens|holds token id)/;
      expect(() => core.submit(request(1, 0, tokenIds))).toThrow(refusal);
      expect(() => core.addInspection(1, { tokenIds, layers: [0] })).toThrow(refusal);
      expect(() => core.addEmbedding(1, tokenIds)).toThrow(/input (has no tokens|holds token id)/);
    }
    for (const layers of [[], [-1], [0, 99], [0.5]]) {
      expect(() => core.addInspection(1, { tokenIds: [5], layers })).toThrow(
        /layers(\[\d\] is .*has 2 layers| is empty)/,
      );
    }
    const outcomes = await runCore(core);
    expect([...outcomes.keys()]).toEqual([0]);
    expect(outcomes.get(0)?.tokenIds).toEqual(goldens[0]?.tokenIds);
  });
});
