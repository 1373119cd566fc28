import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineCore } from '../../src/engine/worker/engine-core.ts';
import { ModelRunner } from '../../src/engine/worker/model-runner.ts';
import type { SequenceRequest, SequenceUpdate } from '../../src/engine/protocol.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { Sampler } from '../../src/sampling/sampler.ts';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import { sequenceRequest } from '../support/core-run.ts';
import { readJsonFixture } from '../support/fixtures.ts';
import { RUNTIMES } from '../support/runtimes.ts';
import { StepRunner } from '../support/step-runner.ts';

/** Greedy continuations by transformers on PyTorch (scripts/goldens). */
interface Golden {
  promptTokenIds: number[];
  tokenIds: number[];
  finishReason: 'stop' | 'length';
}
const goldens = readJsonFixture('tiny-gpt2', 'completions.json') as Golden[];
const EOS = 0;
const NUM_SEATS = 3;

const request = (
  id: number,
  promptTokenIds: number[],
  changes: Partial<SequenceRequest> = {},
): SequenceRequest =>
  sequenceRequest(id, promptTokenIds, {
    maxTokens: 24,
    stopTokenIds: [EOS],
    numLogprobs: undefined,
    ...changes,
  });

interface Outcome {
  tokenIds: number[];
  finish: SequenceUpdate['finish'];
  promptLogprobs: (number | undefined)[];
}

/** Steps until nothing is left; what each sequence got. */
async function runToEnd(
  core: EngineCore,
  onStep: () => void = () => undefined,
): Promise<Map<number, Outcome>> {
  const outcomes = new Map<number, Outcome>();
  for (let report = await core.step(); report !== undefined; report = await core.step()) {
    for (const { id, token, finish, promptLogprobs } of report.updates) {
      const outcome = outcomes.get(id) ?? { tokenIds: [], finish: undefined, promptLogprobs: [] };
      if (token !== undefined) outcome.tokenIds.push(token.tokenId);
      outcome.finish = finish;
      for (const scored of promptLogprobs ?? []) {
        outcome.promptLogprobs.push('logprob' in scored ? scored.logprob : undefined);
      }
      outcomes.set(id, outcome);
    }
    onStep();
  }
  return outcomes;
}

describe.each(RUNTIMES)('EngineCore on $label', ({ create }) => {
  let runtime: Runtime;
  let runner: StepRunner;

  beforeAll(async () => {
    runtime = await create();
    runner = await StepRunner.load(runtime, 'tiny-gpt2', NUM_SEATS);
  });
  afterAll(() => runtime.dispose());

  const createCore = (maxNumBatchedTokens: number): EngineCore =>
    new EngineCore(
      new Scheduler({
        numSeats: NUM_SEATS,
        numPages: runner.cache.shape.numPages,
        maxNumBatchedTokens,
        prefixCache: true,
      }),
      new ModelRunner(runner.loaded.model, runtime, runner.cache),
      new Sampler(runner.loaded.config.vocabSize),
    );

  it.each([4, 16, 128])(
    "gives transformers' greedy texts, all at once, in steps of %i tokens",
    async (budget) => {
      const core = createCore(budget);
      goldens.forEach(({ promptTokenIds }, i) => core.submit(request(i, promptTokenIds)));
      const outcomes = await runToEnd(core);
      goldens.forEach(({ tokenIds, finishReason }, i) => {
        const outcome = outcomes.get(i);
        expect(outcome?.finish).toBe(finishReason);
        // transformers ends before end-of-text in the text, after it in the ids.
        expect(outcome?.tokenIds).toEqual(tokenIds);
      });
      expect([core.numSeatsUsed, core.pageCounts.numUsed]).toEqual([0, 0]);
    },
  );

  it('scores a prompt alike in whatever chunks, the first token not at all', async () => {
    const prompt = goldens[2]?.promptTokenIds ?? [];
    const scoresBy = async (budget: number): Promise<(number | undefined)[]> => {
      const core = createCore(budget);
      core.submit(request(0, prompt, { promptLogprobs: true, maxTokens: 0 }));
      const outcome = (await runToEnd(core)).get(0);
      expect(outcome).toMatchObject({ finish: 'length', tokenIds: [] });
      return outcome?.promptLogprobs ?? [];
    };
    const whole = await scoresBy(128);
    expect(whole).toHaveLength(prompt.length);
    expect(whole[0]).toBeUndefined();
    const logits = await runner.whole(prompt);
    prompt.slice(1).forEach((tokenId, i) => {
      const row = logits[i] ?? new Float32Array();
      const logSum = Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0));
      expect(whole[i + 1]).toBeCloseTo((row[tokenId] ?? NaN) - logSum, 4);
    });
    (await scoresBy(4)).forEach((score, i) => {
      if (i > 0) expect(score).toBeCloseTo(whole[i] ?? NaN, 4);
    });
  });

  it('lets no sequence end before min_tokens', async () => {
    const early = goldens.find(({ tokenIds }) => tokenIds.length === 3);
    const core = createCore(32);
    core.submit(request(0, early?.promptTokenIds ?? [], { minTokens: 10 }));
    const tokenIds = (await runToEnd(core)).get(0)?.tokenIds ?? [];
    expect(tokenIds.slice(0, 9)).not.toContain(EOS);
    expect(tokenIds.length).toBeGreaterThanOrEqual(10);
  });

  it('goes on after end-of-text when nothing is to stop it', async () => {
    const early = goldens.find(({ tokenIds }) => tokenIds.length === 3);
    const core = createCore(32);
    core.submit(request(0, early?.promptTokenIds ?? [], { stopTokenIds: [] }));
    const outcome = (await runToEnd(core)).get(0);
    expect(outcome?.tokenIds.slice(0, 3)).toEqual(early?.tokenIds);
    expect(outcome).toMatchObject({ finish: 'length', tokenIds: { length: 24 } });
  });

  it('frees the seat of a cancelled sequence before the next step, and keeps no tensors', async () => {
    const core = createCore(32);
    goldens.forEach(({ promptTokenIds }, i) => core.submit(request(i, promptTokenIds)));
    await core.step();
    const { numTensors } = runtime.memory();
    expect(core.numSeatsUsed).toBe(NUM_SEATS);
    expect([core.cancel(0), core.cancel(0), core.cancel(7)]).toEqual([true, false, true]);
    expect(core.numSeatsUsed).toBe(NUM_SEATS - 1);
    const outcomes = await runToEnd(core, () => expect(runtime.memory().numTensors).toBe(numTensors));
    expect([...outcomes.keys()].sort()).toEqual([1, 2, 3, 4, 5, 6]);
    for (const [id, outcome] of outcomes) {
      expect(outcome.tokenIds).toEqual(goldens[id]?.tokenIds.slice(-outcome.tokenIds.length));
    }
  });

  it('shows what every head looks at, once a seat is free', async () => {
    const core = createCore(32);
    const tokenIds = goldens[0]?.promptTokenIds ?? [];
    goldens.forEach(({ promptTokenIds }, i) => core.submit(request(i, promptTokenIds)));
    await core.step();
    const { numLayers } = runner.loaded.config;
    core.addInspection(7, { tokenIds, layers: Array.from({ length: numLayers }, (_, layer) => layer) });
    expect(await core.stepInspection()).toBeUndefined();
    await runToEnd(core);
    for (let layer = 1; layer < numLayers; layer++) {
      expect(await core.stepInspection()).toEqual({ finished: [] });
    }
    const [{ id, weights } = { id: NaN, weights: [] }] = (await core.stepInspection())?.finished ?? [];
    expect([id, weights.length]).toEqual([7, numLayers]);
    expect(await core.stepInspection()).toBeUndefined();
    for (const row of weights.flat(2)) expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
  });
});
