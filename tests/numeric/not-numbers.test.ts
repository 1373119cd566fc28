import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineCore } from '../../src/engine/worker/engine-core.ts';
import { ModelRunner } from '../../src/engine/worker/model-runner.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { Sampler } from '../../src/sampling/sampler.ts';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import { expectClose } from '../support/compare.ts';
import { runCore, sequenceRequest, type SequenceOutcome } from '../support/core-run.ts';
import { writeNanModel } from '../support/nan-model.ts';
import { RUNTIMES_WITH_INT8 } from '../support/runtimes.ts';
import { someTokenIds, StepRunner } from '../support/step-runner.ts';

const NUM_SEATS = 4;
/** The token whose embedding is NaN; the head has a matrix of its own. */
const SPOILT = 300;
const MODEL = 'tiny-llama/gqa';
const MATRIX = 'model.embed_tokens.weight';

/** Prompts without the token, and one with it in the middle. */
const prompts = [21, 9, 34].map((length, seed) => someTokenIds(length, SPOILT, seed));
/** It ends a completion, lest one draw it and go on with it. */
const request = (...[id, tokens, changes]: Parameters<typeof sequenceRequest>) =>
  sequenceRequest(id, tokens, { stopTokenIds: [SPOILT], ...changes });
const spoilt = [...someTokenIds(20, SPOILT, 7), SPOILT, ...someTokenIds(15, SPOILT, 8)];

describe.each(RUNTIMES_WITH_INT8)('a model that is NaN for one token, on $label', ({ create, bitExact }) => {
  let runtime: Runtime;
  let runner: StepRunner;
  let path: string;

  beforeAll(async () => {
    path = mkdtempSync(join(tmpdir(), 'tokenflare-nan-'));
    writeNanModel(path, MODEL, MATRIX, SPOILT);
    runtime = await create();
    runner = await StepRunner.open(runtime, path, { numSeats: NUM_SEATS });
  });
  afterAll(async () => {
    await runtime.dispose();
    rmSync(path, { recursive: true });
  });

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

  /** Each prompt by itself. */
  async function alone(): Promise<SequenceOutcome[]> {
    const outcomes: SequenceOutcome[] = [];
    for (const prompt of prompts) {
      const core = createCore(16);
      core.submit(request(0, prompt));
      outcomes.push(outcomeOf(await runCore(core), 0));
    }
    return outcomes;
  }

  function outcomeOf(outcomes: ReadonlyMap<number, SequenceOutcome>, id: number): SequenceOutcome {
    const outcome = outcomes.get(id);
    if (outcome === undefined) throw new Error(`nothing was said of sequence ${id}`);
    return outcome;
  }

  function expectSame(actual: SequenceOutcome, expected: SequenceOutcome): void {
    expect([actual.finish, actual.tokenIds]).toEqual([expected.finish, expected.tokenIds]);
    expect(expected.finish).not.toBe('error');
    if (bitExact) expect(actual.logprobs).toEqual(expected.logprobs);
    else expectClose(actual.logprobs, expected.logprobs, 1e-4);
  }

  it.each([8, 128])(
    'ends the sequence that has it, and no other of its steps, of %i tokens at most',
    async (maxNumBatchedTokens) => {
      const expected = await alone();
      const core = createCore(maxNumBatchedTokens);
      core.submit(request(9, spoilt));
      prompts.forEach((prompt, id) => core.submit(request(id, prompt)));
      const outcomes = await runCore(core);
      const { tokenIds, finish, error } = outcomeOf(outcomes, 9);
      expect([tokenIds, finish]).toEqual([[], 'error']);
      expect(error).toMatchObject({ code: 'backend_failure', retryable: false });
      expect(error?.message).toMatch(/logits are not numbers/);
      expected.forEach((one, id) => expectSame(outcomeOf(outcomes, id), one));
      expect([core.numSeatsUsed, core.pageCounts.numUsed]).toEqual([0, 0]);
    },
  );

  it('leaves nothing in its seat that another could read, also when nobody saw its logits', async () => {
    const expected = await alone();
    const core = createCore(128);
    // As many as there are seats, computed but for their last tokens, and cancelled.
    const cancelled = [10, 11, 12, 13];
    for (const id of cancelled) core.submit(request(id, [...spoilt, ...someTokenIds(90, SPOILT, id)]));
    await core.step();
    for (const id of cancelled) core.cancel(id);
    // Whole, and behind what such a seat holds before the token.
    const behind = [...spoilt.slice(0, 18), 5, 6, 7];
    const fresh = createCore(128);
    fresh.submit(request(0, behind, { cacheSalt: 'other' }));
    const expectedBehind = outcomeOf(await runCore(fresh), 0);
    prompts.forEach((prompt, id) => core.submit(request(id, prompt)));
    core.submit(request(8, behind));
    const outcomes = await runCore(core);
    expected.forEach((one, id) => expectSame(outcomeOf(outcomes, id), one));
    expectSame(outcomeOf(outcomes, 8), expectedBehind);
  });

  it('ends a sequence whose prompt is scored', async () => {
    const core = createCore(16);
    core.submit(request(0, spoilt, { promptLogprobs: true, maxTokens: 0 }));
    expect(outcomeOf(await runCore(core), 0)).toMatchObject({ finish: 'error' });
    expect(core.numSeatsUsed).toBe(0);
  });

  it('embeds the texts beside it, and inspects the next prompt', async () => {
    const [text = []] = prompts;
    const reference = createCore(128);
    reference.addEmbedding(0, text);
    const [expected] = (await reference.stepEmbeddings())?.finished ?? [];
    const core = createCore(128);
    core.addEmbedding(1, spoilt);
    core.addEmbedding(2, text);
    const answers = await core.stepEmbeddings();
    expect(answers?.finished.map(({ id }) => id)).toEqual([2]);
    expectClose(answers?.finished[0]?.embedding ?? [], expected?.embedding ?? [], bitExact ? 0 : 1e-5);
    expect(answers?.fault).toMatchObject({ kind: 'embedding', failedWork: [{ id: 1, numTokens: 36 }] });
    expect(answers?.fault?.message).toMatch(/hidden states are not numbers/);

    const { numLayers } = runner.loaded.config;
    const layers = Array.from({ length: numLayers }, (_, layer) => layer);
    core.addInspection(3, { tokenIds: spoilt, layers });
    core.addInspection(4, { tokenIds: text, layers });
    expect((await core.stepInspection())?.fault).toMatchObject({ failedWork: [{ id: 3 }] });
    for (let layer = 1; layer < numLayers; layer++)
      expect((await core.stepInspection())?.fault).toBeUndefined();
    expect((await core.stepInspection())?.finished.map(({ id }) => id)).toEqual([4]);
  });
});
