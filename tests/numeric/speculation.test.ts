import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineCore } from '../../src/engine/worker/engine-core.ts';
import type { SampledToken } from '../../src/engine/engine.ts';
import { ModelRunner } from '../../src/engine/worker/model-runner.ts';
import type { SequenceRequest } from '../../src/engine/protocol.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { DEFAULT_SAMPLING_PARAMS } from '../../src/sampling/sampling-params.ts';
import { Sampler } from '../../src/sampling/sampler.ts';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import { StepCostModel } from '../../src/scheduler/step-cost-model.ts';
import { sequenceRequest } from '../support/core-run.ts';
import { RUNTIMES_WITH_INT8 } from '../support/runtimes.ts';
import { someTokenIds, StepRunner } from '../support/step-runner.ts';

const NUM_SEATS = 4;

interface Run {
  tokens: Map<number, SampledToken[]>;
  numAccepted: number;
  numRefused: number;
}

describe.each(RUNTIMES_WITH_INT8)('speculation on $label', ({ create, bitExact }) => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await create();
  });
  afterAll(() => runtime.dispose());

  /** Steps cost the same whatever is in them, so that every guess is tried. */
  async function run(
    runner: StepRunner,
    requests: readonly SequenceRequest[],
    speculates: boolean,
  ): Promise<Run> {
    const costs = new StepCostModel({ perRow: 1, perLogitRow: 0, perScore: 0 });
    const limits = {
      numSeats: NUM_SEATS,
      numPages: runner.cache.shape.numPages,
      maxNumBatchedTokens: 48,
      prefixCache: true,
      costs,
      speculates,
    };
    const { model, config } = runner.loaded;
    let now = 0;
    const core = new EngineCore(
      new Scheduler(limits),
      new ModelRunner(model, runtime, runner.cache),
      new Sampler(config.vocabSize),
      () => now++,
    );
    for (const request of requests) core.submit(request);
    const result: Run = { tokens: new Map(), numAccepted: 0, numRefused: 0 };
    for (let report = await core.step(); report !== undefined; report = await core.step()) {
      result.numAccepted += report.numAcceptedDraftTokens;
      result.numRefused += report.numDraftTokens - report.numAcceptedDraftTokens;
      for (const { id, token } of report.updates) {
        if (token !== undefined) result.tokens.set(id, [...(result.tokens.get(id) ?? []), token]);
      }
    }
    return result;
  }

  it.each([
    ['tiny-gpt2', 40],
    // Its random weights say little twice.
    ['tiny-llama/gqa', 0],
  ] as const)('gives the text and the logprobs of %s without it', async (fixture, leastAccepted) => {
    const runner = await StepRunner.load(runtime, fixture, NUM_SEATS);
    const { vocabSize } = runner.loaded.config;
    const requests = Array.from({ length: 8 }, (_, id): SequenceRequest => {
      const motif = someTokenIds(6, vocabSize, id >> 1);
      return sequenceRequest(id, [...motif, ...motif, ...motif, ...motif], {
        maxTokens: 40,
        // Two choices of each prompt; every other prompt is sampled.
        sampling: {
          ...DEFAULT_SAMPLING_PARAMS,
          temperature: id % 4 < 2 ? 0 : 0.7,
          topK: id % 4 === 2 ? 5 : 0,
          frequencyPenalty: id === 5 ? 0.3 : 0,
        },
        seed: 3,
        stream: id % 2,
        numLogprobs: 2,
      });
    });
    const off = await run(runner, requests, false);
    const on = await run(runner, requests, true);
    expect([off.numAccepted, off.numRefused]).toEqual([0, 0]);
    expect(on.numAccepted).toBeGreaterThan(leastAccepted);
    expect(on.numRefused).toBeGreaterThan(0);
    for (const [id, expected] of off.tokens) {
      const tokens = on.tokens.get(id) ?? [];
      expect(tokens.map(({ tokenId }) => tokenId)).toEqual(expected.map(({ tokenId }) => tokenId));
      if (bitExact) expect(tokens).toEqual(expected);
      tokens.forEach(({ logprob }, i) => expect(logprob).toBeCloseTo(expected[i]?.logprob ?? NaN, 4));
    }
    runner.cache.dispose();
  });
});
