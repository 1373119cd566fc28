import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineCore } from '../../src/engine/worker/engine-core.ts';
import type { SampledToken } from '../../src/engine/engine.ts';
import { ModelRunner } from '../../src/engine/worker/model-runner.ts';
import type { SequenceFinish, SequenceRequest } from '../../src/engine/protocol.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { DEFAULT_SAMPLING_PARAMS } from '../../src/sampling/sampling-params.ts';
import { Sampler } from '../../src/sampling/sampler.ts';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import { StepCostModel } from '../../src/scheduler/step-cost-model.ts';
import { sequenceRequest } from '../support/core-run.ts';
import { RUNTIMES_WITH_INT8 } from '../support/runtimes.ts';
import { someTokenIds, StepRunner } from '../support/step-runner.ts';

const NUM_SEATS = 4;

type Logprob = SampledToken;

interface Outcome {
  tokens: Logprob[];
  promptLogprobs: Logprob[];
  finish: SequenceFinish | undefined;
}

interface Run {
  outcomes: Map<number, Outcome>;
  numPreemptions: number;
  /** Tokens of drafts that were right. */
  numAccepted: number;
}

interface Arrival {
  request: SequenceRequest;
  atStep: number;
}

describe.each(RUNTIMES_WITH_INT8)('preemption on $label', ({ create, bitExact }) => {
  let runtime: Runtime;
  let runner: StepRunner;
  beforeAll(async () => {
    runtime = await create();
    runner = await StepRunner.load(runtime, 'tiny-gpt2', NUM_SEATS);
  });
  afterAll(() => runtime.dispose());

  interface Use {
    prefixCache: boolean;
    speculates: boolean;
  }

  /** Steps cost the same whatever is in them, so that every guess is tried. */
  async function run(arrivals: readonly Arrival[], use: Use): Promise<Run> {
    const costs = new StepCostModel({ perRow: 1, perLogitRow: 0, perScore: 0 });
    const { model, config } = runner.loaded;
    let now = 0;
    const core = new EngineCore(
      new Scheduler({
        numSeats: NUM_SEATS,
        numPages: runner.cache.shape.numPages,
        maxNumBatchedTokens: 24,
        costs,
        ...use,
      }),
      new ModelRunner(model, runtime, runner.cache),
      new Sampler(config.vocabSize),
      () => now++,
    );
    const outcomes = new Map<number, Outcome>();
    let numPreemptions = 0;
    let numAccepted = 0;
    const lastArrival = Math.max(...arrivals.map(({ atStep }) => atStep));
    for (let step = 0; ; step++) {
      for (const { request, atStep } of arrivals) if (atStep === step) core.submit(request);
      const report = await core.step();
      if (report === undefined && step >= lastArrival) return { outcomes, numPreemptions, numAccepted };
      numPreemptions += report?.numPreemptions ?? 0;
      numAccepted += report?.numAcceptedDraftTokens ?? 0;
      for (const { id, token, promptLogprobs, finish } of report?.updates ?? []) {
        const outcome = outcomes.get(id) ?? { tokens: [], promptLogprobs: [], finish: undefined };
        if (token !== undefined) outcome.tokens.push(token);
        outcome.promptLogprobs.push(...(promptLogprobs ?? []));
        outcome.finish = finish;
        outcomes.set(id, outcome);
      }
    }
  }

  /** One client that has all seats, with requests of many kinds; two that come while those run, one after the other. */
  function arrivalsOf(vocabSize: number): Arrival[] {
    const sampling = { ...DEFAULT_SAMPLING_PARAMS, temperature: 1 };
    const prompt = someTokenIds(30, vocabSize, 1);
    const motif = someTokenIds(6, vocabSize, 3);
    const penalised = { temperature: 1, frequencyPenalty: 0.4, presencePenalty: 0.3, repetitionPenalty: 1.2 };
    const kinds: Partial<SequenceRequest>[] = [
      { stream: 1 },
      { promptTokenIds: someTokenIds(50, vocabSize, 2), promptLogprobs: true },
      { promptTokenIds: [...motif, ...motif, ...motif], sampling: { ...sampling, temperature: 0 } },
      { sampling: { ...sampling, ...penalised } },
      // It comes to an end, or not, as it would alone.
      { stopTokenIds: [0, 1, 2, 3, 4, 5], minTokens: 30, seed: 11 },
      { sampling: { ...sampling, temperature: 0.8, topK: 5 }, numLogprobs: undefined },
    ];
    const requestsOf = (clientId: string, firstId: number, count: number): SequenceRequest[] =>
      Array.from({ length: count }, (_, i) =>
        sequenceRequest(firstId + i, prompt, {
          maxTokens: 60,
          sampling,
          seed: 7,
          numLogprobs: 2,
          ...kinds[(firstId + i) % kinds.length],
          clientId,
        }),
      );
    return [
      ...requestsOf('a/1', 0, 6).map((request) => ({ request, atStep: 0 })),
      ...requestsOf('b/1', 6, 3).map((request) => ({ request, atStep: 9 })),
      ...requestsOf('c/1', 9, 2).map((request) => ({ request, atStep: 30 })),
      ...requestsOf('a/2', 11, 2).map((request) => ({ request, atStep: 31 })),
    ];
  }

  let outcomesAlone: Promise<(Outcome | undefined)[]> | undefined;

  /** Of each request on an engine of its own. */
  async function runAlone(arrivals: readonly Arrival[]): Promise<(Outcome | undefined)[]> {
    const outcomes: (Outcome | undefined)[] = [];
    for (const { request } of arrivals) {
      const alone = await run([{ request, atStep: 0 }], { prefixCache: false, speculates: false });
      expect(alone.numPreemptions).toBe(0);
      outcomes.push(alone.outcomes.get(request.id));
    }
    return outcomes;
  }

  it.each([
    { prefixCache: true, speculates: false },
    { prefixCache: false, speculates: false },
    { prefixCache: true, speculates: true },
  ])('is not to be seen in what a sequence says, nor in any logprob, with %o', async (use) => {
    const arrivals = arrivalsOf(runner.loaded.config.vocabSize);
    const together = await run(arrivals, use);
    expect(together.numPreemptions).toBeGreaterThan(3);
    expect(together.numAccepted > 0).toBe(use.speculates);
    const { numTensors } = runtime.memory();
    const alone = await (outcomesAlone ??= runAlone(arrivals));
    for (const [i, { request }] of arrivals.entries()) {
      const expected = alone[i];
      const outcome = together.outcomes.get(request.id);
      if (bitExact) expect(outcome).toEqual(expected);
      expect(outcome?.finish).toBe(expected?.finish);
      expectAlike(outcome?.tokens, expected?.tokens);
      expectAlike(outcome?.promptLogprobs, expected?.promptLogprobs);
    }
    expect(runtime.memory().numTensors).toBe(numTensors);
  });
});

const logprobOf = (token: Logprob | undefined): number =>
  (token !== undefined && 'logprob' in token ? token.logprob : undefined) ?? 0;

function expectAlike(tokens: readonly Logprob[] = [], expected: readonly Logprob[] = []): void {
  expect(tokens.map(({ tokenId }) => tokenId)).toEqual(expected.map(({ tokenId }) => tokenId));
  for (const [i, token] of tokens.entries()) expect(logprobOf(token)).toBeCloseTo(logprobOf(expected[i]), 4);
}
