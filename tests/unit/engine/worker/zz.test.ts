import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EngineCore } from '../../../../src/engine/worker/engine-core.ts';
import type { SampledToken } from '../../../../src/engine/engine.ts';
import { ModelRunner } from '../../../../src/engine/worker/model-runner.ts';
import type { SequenceFinish, SequenceRequest } from '../../../../src/engine/protocol.ts';
import { Sampler } from '../../../../src/sampling/sampler.ts';
import { Scheduler } from '../../../../src/scheduler/scheduler.ts';
import { StepCostModel } from '../../../../src/scheduler/step-cost-model.ts';
import { anyRequest, logitsOf, request, VOCAB } from '../../../support/any-requests.ts';
import { TokenRuntime, NO_MODEL } from '../../../support/token-runtime.ts';

interface Arrival {
  request: SequenceRequest;
  /** Steps that were taken before it comes. */
  atStep: number;
  /** Tokens after which it is cancelled. */
  cancelAfter?: number | undefined;
}

interface Text {
  id: number;
  clientId: string;
  tokenIds: readonly number[];
  atStep: number;
}

interface Outcome {
  tokens: SampledToken[];
  promptLogprobs: unknown[];
  finish: SequenceFinish | undefined;
}

interface Run {
  outcomes: Map<number, Outcome>;
  embeddings: Map<number, Float32Array>;
  numPreemptions: number;
  numRecomputed: number;
  numPrompt: number;
  numRows: number;
}

interface Engine {
  numSeats: number;
  numPages: number;
  prefixCache: boolean;
  speculates: boolean;
  maxNumBatchedTokens: number;
}

/** As the engine process does: what has come, a step for texts, a step for sequences. */
async function run(engine: Engine, arrivals: readonly Arrival[], texts: readonly Text[] = []): Promise<Run> {
  const costs = new StepCostModel({ perRow: 1, perLogitRow: 0, perScore: 0 });
  const runtime = new TokenRuntime(logitsOf);
  const runner = new ModelRunner(NO_MODEL, runtime, runtime.cache);
  let now = 0;
  const core = new EngineCore(new Scheduler({ ...engine, costs }), runner, new Sampler(VOCAB), () => now++);
  const result: Run = {
    outcomes: new Map(),
    embeddings: new Map(),
    numPreemptions: 0,
    numRecomputed: 0,
    numPrompt: 0,
    numRows: 0,
  };
  const lastArrival = Math.max(...[...arrivals, ...texts].map(({ atStep }) => atStep));
  for (let step = 0; ; step++) {
    for (const arrival of arrivals) if (arrival.atStep === step) core.submit(arrival.request);
    for (const text of texts) {
      if (text.atStep === step) core.addEmbedding(text.id, text.tokenIds, text.clientId);
    }
    const embedded = await core.stepEmbeddings();
    for (const { id, embedding } of embedded?.finished ?? []) result.embeddings.set(id, embedding);
    const report = await core.step();
    if (report === undefined && embedded === undefined && step > lastArrival) break;
    if (report === undefined) continue;
    result.numPreemptions += report.numPreemptions;
    result.numRecomputed += report.numRecomputedTokens;
    result.numPrompt += report.numComputedPromptTokens;
    result.numRows += report.numRows;
    for (const { id, started, token, finish, promptLogprobs } of report.updates) {
      const known = result.outcomes.get(id);
      // It starts once, with its first update.
      expect(started === true).toBe(known === undefined);
      expect(known?.finish).toBeUndefined();
      const outcome = known ?? { tokens: [], promptLogprobs: [], finish: undefined };
      if (token !== undefined) outcome.tokens.push(token);
      outcome.promptLogprobs.push(...(promptLogprobs ?? []));
      outcome.finish = finish;
      result.outcomes.set(id, outcome);
    }
    for (const {
      request: { id },
      cancelAfter = Infinity,
    } of arrivals)
      // prettier-ignore
      if ((result.outcomes.get(id)?.tokens.length ?? 0) >= cancelAfter) core.cancel(id);
  }
  expect([core.numSeatsUsed, core.pageCounts.numUsed]).toEqual([0, 0]);
  return result;
}

const ENOUGH_PAGES = 4096;
const PLAIN: Engine = {
  numPages: ENOUGH_PAGES,
  numSeats: 1,
  prefixCache: false,
  speculates: false,
  maxNumBatchedTokens: 512,
};

/** What a request gets that has an engine of its own. */
async function alone(sequenceRequest: SequenceRequest): Promise<Outcome | undefined> {
  const { outcomes } = await run(PLAIN, [{ request: sequenceRequest, atStep: 0 }]);
  return outcomes.get(sequenceRequest.id);
}

describe('a sequence that is preempted', () => {
  const clientId = fc.constantFrom('a/1', 'a/2', 'b/1', 'c/1', 'd/1');
  const engine = fc.record({
    numSeats: fc.integer({ min: 1, max: 4 }),
    // The longest sequence has three.
    numPages: fc.oneof(fc.integer({ min: 3, max: 6 }), fc.constant(ENOUGH_PAGES)),
    prefixCache: fc.boolean(),
    speculates: fc.boolean(),
    maxNumBatchedTokens: fc.integer({ min: 4, max: 48 }),
  });
  const arrivalOf = (
    atStep: fc.Arbitrary<number>,
    who: fc.Arbitrary<string>,
    maxTokens: fc.Arbitrary<number>,
  ): fc.Arbitrary<Omit<Arrival, 'request'> & { change: Partial<SequenceRequest> }> =>
    fc
      .record({
        atStep,
        who,
        maxTokens,
        change: anyRequest,
        stopTokenIds: fc.constantFrom([], [], [], [0]),
        cancelAfter: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined, freq: 8 }),
      })
      .map(({ change, who: clientId, maxTokens: most, stopTokenIds, ...rest }) => ({
        ...rest,
        change: { ...change, clientId, maxTokens: most, stopTokenIds },
      }));
  /** Longer than a slice. */
  const isLong = fc.integer({ min: 70, max: 130 });
  const flood = fc.array(arrivalOf(fc.constant(0), fc.constant('a/1'), isLong), {
    minLength: 3,
    maxLength: 5,
    size: 'max',
  });
  const late = fc.array(arrivalOf(fc.integer({ min: 10, max: 60 }), clientId, fc.oneof(fc.nat(30), isLong)), {
    minLength: 2,
    maxLength: 7,
    size: 'max',
  });
  const text = fc.record({
    atStep: fc.nat(60),
    clientId,
    tokenIds: fc.array(fc.nat(VOCAB - 1), { minLength: 1, maxLength: 60 }),
  });

  it('gets the tokens, logprobs, scores and end that it gets alone, whatever is asked for', async () => {
    const counts = { preempted: 0, recomputed: 0 };
    const texts = fc.array(text, { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(engine, flood, late, texts, async (limits, someFlood, someLate, someTexts) => {
        const all = [...someFlood, ...someLate].map(({ change, ...rest }, id) => ({
          ...rest,
          request: request(id, change),
        }));
        const allTexts = someTexts.map((one, id) => ({ ...one, id }));
        const together = await run(limits, all, allTexts);
        for (const { request: one, cancelAfter } of all) {
          const expected = await alone(one);
          const outcome = together.outcomes.get(one.id);
          if (cancelAfter === undefined) expect(outcome).toEqual(expected);
          else expect(outcome?.tokens).toEqual(expected?.tokens.slice(0, outcome?.tokens.length));
        }
        for (const one of allTexts) {
          const { embeddings } = await run(PLAIN, [], [{ ...one, atStep: 0 }]);
          expect(together.embeddings.get(one.id)).toEqual(embeddings.get(one.id));
        }
        counts.preempted += together.numPreemptions;
        counts.recomputed += together.numRecomputed;
      }),
      { numRuns: 100000, endOnFailure: true, interruptAfterTimeLimit: 900000 },
    );
    expect(counts.preempted).toBeGreaterThan(15);
    expect(counts.recomputed).toBeGreaterThan(300);
  });

  it('counts each token of a prompt once, and apart from it what is computed again', async () => {
    const limits = { ...PLAIN, numSeats: 2, maxNumBatchedTokens: 16 };
    const promptTokenIds = Array.from({ length: 40 }, (_, i) => i % VOCAB);
    const requests = [0, 1, 2].map((id) =>
      request(id, { promptTokenIds, maxTokens: 30, clientId: id < 2 ? 'a' : 'b' }),
    );
    const result = await run(
      limits,
      requests.map((one, id) => ({ request: one, atStep: id < 2 ? 0 : 12 })),
    );
    expect(result).toMatchObject({ numPreemptions: 1, numPrompt: 120 });
    expect(result.numRecomputed).toBeGreaterThan(0);
    // A row for each token of each prompt and of each completion but for its last, and for those computed again.
    expect(result.numRows).toBe(3 * (40 + 29) + result.numRecomputed);
  });

  it.each([2, 4, 6, 20])(
    'does not score its prompt twice when it is stopped after %i steps',
    async (numSteps) => {
      const limits = { ...PLAIN, numSeats: 2, maxNumBatchedTokens: 8, prefixCache: true };
      const older = request(0, { promptTokenIds: [3], maxTokens: 150, clientId: 'a', cacheSalt: 'x' });
      const scored = request(1, {
        promptTokenIds: Array.from({ length: 60 }, (_, i) => (i * i) % VOCAB),
        maxTokens: 30,
        promptLogprobs: true,
        numLogprobs: 1,
        clientId: 'a',
      });
      const late = request(2, { promptTokenIds: [7, 7], maxTokens: 2, clientId: 'b', cacheSalt: 'y' });
      const result = await run(limits, [
        { request: older, atStep: 0 },
        { request: scored, atStep: 99 },
        { request: late, atStep: 99 + numSteps },
      ]);
      // The older one has more to lose, so it is the other one that is stopped.
      expect(result.numPreemptions).toBe(1);
      expect(result.numRecomputed).toBeGreaterThan(0);
      expect(result.numRecomputed).toBeLessThan(99);
      expect(result.outcomes.get(1)?.promptLogprobs).toHaveLength(60);
      for (const one of [older, scored, late]) expect(result.outcomes.get(one.id)).toEqual(await alone(one));
    },
  );
});

describe('work of another client beside one that has all seats', () => {
  it('gets a seat for a text at the next step', async () => {
    const flood = Array.from({ length: 8 }, (_, id) => ({
      request: request(id, { clientId: 'flood', maxTokens: 150 }),
      atStep: 0,
    }));
    const texts = [0, 1, 2].map((id) => ({ id, clientId: 'late', tokenIds: [1, 2, 3, id], atStep: 5 }));
    const limits = { ...PLAIN, numSeats: 4, maxNumBatchedTokens: 16 };
    const result = await run(limits, flood, texts);
    expect(result.embeddings.size).toBe(3);
    // One seat was taken, for all of them.
    expect(result.numPreemptions).toBe(1);
    for (const { request: one } of flood) expect(result.outcomes.get(one.id)).toEqual(await alone(one));
  });
});
