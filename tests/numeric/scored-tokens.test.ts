import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineCore } from '../../src/engine/worker/engine-core.ts';
import { ModelRunner } from '../../src/engine/worker/model-runner.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { Sampler } from '../../src/sampling/sampler.ts';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import { expectClose } from '../support/compare.ts';
import { sequenceRequest } from '../support/core-run.ts';
import { RUNTIMES_WITH_INT8 } from '../support/runtimes.ts';
import { someTokenIds, StepRunner } from '../support/step-runner.ts';

const NUM_SEATS = 6;
const NUM_PROMPTS = 32;
const LABELS = [3, 70, 300, 301];

interface Scored {
  scores: Map<number, readonly number[]>;
  /** Of each prompt. */
  numCached: Map<number, number>;
  numComputed: number;
}

describe.each(RUNTIMES_WITH_INT8)('tokens scored behind a prompt on $label', ({ create, bitExact }) => {
  let runtime: Runtime;
  let runner: StepRunner;
  let prompts: number[][];
  beforeAll(async () => {
    runtime = await create();
    runner = await StepRunner.load(runtime, 'tiny-gpt2', NUM_SEATS);
    const { vocabSize } = runner.loaded.config;
    const shared = someTokenIds(50, vocabSize, 0);
    prompts = Array.from({ length: NUM_PROMPTS }, (_, i) => [
      ...shared,
      ...someTokenIds(3 + (i % 9), vocabSize, i + 1),
    ]);
  });
  afterAll(() => runtime.dispose());

  interface Company {
    which?: readonly number[];
    prefixCache?: boolean;
    budget?: number;
    numStreams?: number;
  }

  async function score({
    which = prompts.map((_, index) => index),
    prefixCache = true,
    budget = 64,
    numStreams = 0,
  }: Company): Promise<Scored> {
    const core = new EngineCore(
      new Scheduler({
        numSeats: NUM_SEATS,
        numPages: runner.cache.shape.numPages,
        maxNumBatchedTokens: budget,
        prefixCache,
      }),
      new ModelRunner(runner.loaded.model, runtime, runner.cache),
      new Sampler(runner.loaded.config.vocabSize),
    );
    for (let stream = 0; stream < numStreams; stream++) {
      const prompt = someTokenIds(20, runner.loaded.config.vocabSize, 100 + stream);
      core.submit(sequenceRequest(1000 + stream, prompt, { maxTokens: 60, clientId: 'another' }));
    }
    for (const id of which) {
      const scored = { maxTokens: 0, numLogprobs: undefined, scoredTokenIds: LABELS };
      core.submit(sequenceRequest(id, prompts[id] ?? [], scored));
    }
    const scored: Scored = { scores: new Map(), numCached: new Map(), numComputed: 0 };
    for (let report = await core.step(); report !== undefined; report = await core.step()) {
      scored.numComputed += report.numComputedPromptTokens;
      for (const { id, scores, finish, token, numCachedTokens } of report.updates) {
        if (id >= 1000) continue;
        expect(token).toBeUndefined();
        if (numCachedTokens !== undefined) scored.numCached.set(id, numCachedTokens);
        expect(scores === undefined).toBe(finish === undefined);
        if (scores !== undefined) scored.scores.set(id, scores);
      }
    }
    return scored;
  }

  const expectSame = (actual: Scored, expected: Scored): void => {
    for (const [id, scores] of actual.scores) {
      const wanted = expected.scores.get(id) ?? [];
      if (bitExact) expect(scores).toEqual(wanted);
      else expectClose(scores, wanted, 1e-3);
    }
  };

  it('are the log-softmax of the row behind it', async () => {
    const { scores } = await score({ which: [4] });
    const row = await runner.lastOf(prompts[4] ?? []);
    const sum = row.reduce((total, logit) => total + Math.exp(logit), 0);
    expectClose(
      scores.get(4) ?? [],
      LABELS.map((label) => (row[label] ?? NaN) - Math.log(sum)),
      1e-4,
    );
  });

  it('are the same alone, among 32, without the prefix cache, in small steps and beside streams', async () => {
    const together = await score({});
    expect(together.scores.size).toBe(NUM_PROMPTS);
    for (const id of [0, 13, 31]) expectSame(await score({ which: [id] }), together);
    expectSame(await score({ which: prompts.map((_, index) => index).reverse() }), together);
    expectSame(await score({ prefixCache: false }), together);
    expectSame(await score({ budget: 9 }), together);
    expectSame(await score({ numStreams: 3 }), together);
  });

  it('cost what the prompts have in common once, although there are fewer seats than prompts', async () => {
    const { numCached, numComputed } = await score({});
    expect(numCached.get(0)).toBe(0);
    for (let id = 1; id < NUM_PROMPTS; id++) expect(numCached.get(id)).toBeGreaterThanOrEqual(50);
    const numOwn = prompts.reduce((total, { length }) => total + length - 50, 0);
    expect(numComputed).toBeLessThanOrEqual(50 + numOwn);
  });
});
