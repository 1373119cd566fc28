import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EngineCore } from '../../../../src/engine/worker/engine-core.ts';
import type { SampledToken } from '../../../../src/engine/engine.ts';
import { ModelRunner } from '../../../../src/engine/worker/model-runner.ts';
import type { SequenceFinish, SequenceRequest } from '../../../../src/engine/protocol.ts';
import { DEFAULT_SAMPLING_PARAMS } from '../../../../src/sampling/sampling-params.ts';
import { Sampler } from '../../../../src/sampling/sampler.ts';
import { Scheduler } from '../../../../src/scheduler/scheduler.ts';
import { StepCostModel } from '../../../../src/scheduler/step-cost-model.ts';
import { anyRequest, logitsOf, request, VOCAB } from '../../../support/any-requests.ts';
import { TokenRuntime, NO_MODEL } from '../../../support/token-runtime.ts';

const NUM_SEATS = 3;

interface Outcome {
  tokens: SampledToken[];
  promptLogprobs: unknown[];
  finish: SequenceFinish | undefined;
}

interface Run {
  outcomes: Map<number, Outcome>;
  numSteps: number;
  numDrafted: number;
  numAccepted: number;
}

interface Cancel {
  id: number;
  afterTokens: number;
}

/** Runs requests to their ends; steps cost the same whatever is in them, so that every guess is tried. */
async function run(
  requests: readonly SequenceRequest[],
  cancels: readonly Cancel[],
  speculates: boolean,
): Promise<Run> {
  const costs = new StepCostModel({ perRow: 1, perLogitRow: 0, perScore: 0 });
  const limits = {
    numSeats: NUM_SEATS,
    numPages: 4096,
    maxNumBatchedTokens: 24,
    prefixCache: true,
    costs,
    speculates,
  };
  const runtime = new TokenRuntime(logitsOf);
  const runner = new ModelRunner(NO_MODEL, runtime, runtime.cache);
  let now = 0;
  const core = new EngineCore(new Scheduler(limits), runner, new Sampler(VOCAB), () => now++);
  for (const request of requests) core.submit(request);
  const result: Run = { outcomes: new Map(), numSteps: 0, numDrafted: 0, numAccepted: 0 };
  for (let report = await core.step(); report !== undefined; report = await core.step()) {
    result.numSteps++;
    result.numDrafted += report.numDraftTokens;
    result.numAccepted += report.numAcceptedDraftTokens;
    for (const { id, token, finish, promptLogprobs } of report.updates) {
      const outcome = result.outcomes.get(id) ?? { tokens: [], promptLogprobs: [], finish: undefined };
      expect(outcome.finish).toBeUndefined();
      if (token !== undefined) outcome.tokens.push(token);
      outcome.promptLogprobs.push(...(promptLogprobs ?? []));
      outcome.finish = finish;
      result.outcomes.set(id, outcome);
    }
    for (const { id, afterTokens } of cancels) {
      if ((result.outcomes.get(id)?.tokens.length ?? 0) >= afterTokens) core.cancel(id);
    }
  }
  expect([core.numSeatsUsed, core.pageCounts.numUsed]).toEqual([0, 0]);
  return result;
}

describe('speculation', () => {
  it('takes fewer steps for the same text where it repeats itself', async () => {
    const off = await run([request(0), request(1, { promptTokenIds: [5, 5, 4] })], [], false);
    const on = await run([request(0), request(1, { promptTokenIds: [5, 5, 4] })], [], true);
    expect(on.outcomes).toEqual(off.outcomes);
    expect([off.numDrafted, off.numAccepted]).toEqual([0, 0]);
    expect(on.numAccepted).toBeGreaterThan(20);
    expect(on.numSteps).toBeLessThan(0.7 * off.numSteps);
  });

  it('is not to be seen in tokens, logprobs and ends, whatever is asked for', async () => {
    const counts = { drafted: 0, accepted: 0, stopped: 0 };
    const requests = fc.array(anyRequest, { minLength: 1, maxLength: 7 });
    await fc.assert(
      fc.asyncProperty(requests, async (changes) => {
        const all = changes.map((change, id) => request(id, change));
        const off = await run(all, [], false);
        const on = await run(all, [], true);
        expect(on.outcomes).toEqual(off.outcomes);
        counts.drafted += on.numDrafted;
        counts.accepted += on.numAccepted;
        for (const { finish, tokens } of on.outcomes.values()) {
          if (finish === 'stop' && tokens.length > 5) counts.stopped++;
        }
      }),
      { numRuns: 250 },
    );
    // Drafts were taken, and refused; sequences ended by a token behind some of their own.
    expect(counts.accepted).toBeGreaterThan(500);
    expect(counts.drafted - counts.accepted).toBeGreaterThan(500);
    expect(counts.stopped).toBeGreaterThan(20);
  });

  it('leaves those who stay alone when others are cancelled', async () => {
    const cancel = fc.record({ id: fc.nat(6), afterTokens: fc.integer({ min: 1, max: 30 }) });
    const requests = fc.array(anyRequest, { minLength: 2, maxLength: 7 });
    await fc.assert(
      fc.asyncProperty(requests, fc.array(cancel, { maxLength: 3 }), async (changes, cancels) => {
        const all = changes.map((change, id) => request(id, change));
        const off = await run(all, [], false);
        const on = await run(all, cancels, true);
        for (const [id, outcome] of on.outcomes) {
          const whole = off.outcomes.get(id);
          const isCancelled = cancels.some((one) => one.id === id);
          if (isCancelled) expect(outcome.tokens).toEqual(whole?.tokens.slice(0, outcome.tokens.length));
          else expect(outcome).toEqual(whole);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('draws sampled text from the distribution that it has without', async () => {
    // One sequence's next token after a repeated text, over many seeds.
    const sampling = { ...DEFAULT_SAMPLING_PARAMS, temperature: 2 };
    const countsOf = async (speculates: boolean): Promise<number[]> => {
      const counts = new Array<number>(VOCAB).fill(0);
      const requests = Array.from({ length: 400 }, (_, seed) =>
        request(seed, { sampling, seed, maxTokens: 6, promptTokenIds: [1, 2, 3, 1, 2, 3, 1, 2] }),
      );
      const { outcomes } = await run(requests, [], speculates);
      for (const { tokens } of outcomes.values()) {
        for (const { tokenId } of tokens) counts[tokenId] = (counts[tokenId] ?? 0) + 1;
      }
      return counts;
    };
    expect(await countsOf(true)).toEqual(await countsOf(false));
  });
});
