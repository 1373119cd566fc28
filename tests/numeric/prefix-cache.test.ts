import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineCore } from '../../src/engine/worker/engine-core.ts';
import { ModelRunner } from '../../src/engine/worker/model-runner.ts';
import type { SequenceRequest, SequenceUpdate } from '../../src/engine/protocol.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { Sampler } from '../../src/sampling/sampler.ts';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import { sequenceRequest } from '../support/core-run.ts';
import { RUNTIMES_WITH_INT8 } from '../support/runtimes.ts';
import { someTokenIds, StepRunner } from '../support/step-runner.ts';

const NUM_SEATS = 4;
const NUM_TALKS = 3;
const NUM_TURNS = 3;
/** Some of it is left when the next conversation comes, and some is not. */
const NUM_BATCHED_TOKENS = 48;

/** The tokens of a sequence, and the logprob that the model gave each: what the logits were. */
interface Answer {
  tokenIds: number[];
  logprobs: number[];
}

interface Outcome {
  answers: Answer[];
  numPromptTokens: number;
  numCachedTokens: number;
}

function receive(answers: readonly Answer[], { id, token }: SequenceUpdate): void {
  if (token === undefined) return;
  answers[id]?.tokenIds.push(token.tokenId);
  answers[id]?.logprobs.push(token.logprob ?? NaN);
}

describe.each(RUNTIMES_WITH_INT8)('the prefix cache on $label', ({ create, bitExact }) => {
  let runtime: Runtime;
  let runner: StepRunner;

  beforeAll(async () => {
    runtime = await create();
    runner = await StepRunner.load(runtime, 'tiny-gpt2', NUM_SEATS);
  });
  afterAll(() => runtime.dispose());

  const request = (id: number, promptTokenIds: readonly number[]): SequenceRequest =>
    sequenceRequest(id, promptTokenIds, { maxTokens: 6 });

  /** Conversations with one beginning, two choices a turn of which the second goes on. */
  async function converse(prefixCache: boolean): Promise<Outcome> {
    const core = new EngineCore(
      new Scheduler({
        numSeats: NUM_SEATS,
        numPages: runner.cache.shape.numPages,
        maxNumBatchedTokens: NUM_BATCHED_TOKENS,
        prefixCache,
      }),
      new ModelRunner(runner.loaded.model, runtime, runner.cache),
      new Sampler(runner.loaded.config.vocabSize),
    );
    const { vocabSize } = runner.loaded.config;
    const instructions = someTokenIds(40, vocabSize, 0);
    const outcome: Outcome = { answers: [], numPromptTokens: 0, numCachedTokens: 0 };
    const histories = Array.from({ length: NUM_TALKS }, () => instructions);
    for (let turn = 0; turn < NUM_TURNS; turn++) {
      const prompts = histories.map((history, talk) => [
        ...history,
        ...someTokenIds(7, vocabSize, 10 * turn + talk + 1),
      ]);
      const answers = prompts.flatMap((): Answer[] => [
        { tokenIds: [], logprobs: [] },
        { tokenIds: [], logprobs: [] },
      ]);
      answers.forEach((_, i) => core.submit(request(i, prompts[i >> 1] ?? [])));
      for (let report = await core.step(); report !== undefined; report = await core.step()) {
        outcome.numPromptTokens += report.numComputedPromptTokens;
        outcome.numCachedTokens += report.numPrefixCacheHits;
        for (const update of report.updates) receive(answers, update);
      }
      outcome.answers.push(...answers);
      prompts.forEach((prompt, talk) => {
        histories[talk] = [...prompt, ...(answers[2 * talk + 1]?.tokenIds ?? [])];
      });
    }
    return outcome;
  }

  it('is not to be seen in what is said, nor in the logits', async () => {
    const off = await converse(false);
    const on = await converse(true);
    expect(off.numCachedTokens).toBe(0);
    expect(on.numPromptTokens + on.numCachedTokens).toBe(off.numPromptTokens);
    // Without sharing every choice of every turn computes its prompt; with it, hardly more than what is new.
    expect(on.numPromptTokens).toBeLessThan(off.numPromptTokens / 4);
    on.answers.forEach(({ tokenIds, logprobs }, i) => {
      const expected = off.answers[i];
      expect(tokenIds).toEqual(expected?.tokenIds);
      if (bitExact) expect(logprobs).toEqual(expected?.logprobs);
      else logprobs.forEach((logprob, j) => expect(logprob).toBeCloseTo(expected?.logprobs[j] ?? NaN, 4));
    });
  });

  it('keeps no tensors', async () => {
    await converse(true);
    const { numTensors } = runtime.memory();
    await converse(true);
    expect(runtime.memory().numTensors).toBe(numTensors);
  });
});
