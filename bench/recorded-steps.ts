import { createGpt2Parameters } from '../src/model/gpt2-parameters.ts';
import { Gpt2 } from '../src/model/gpt2.ts';
import { parseGpt2Config } from '../src/model/gpt2-config.ts';
import { buildStepBatch } from '../src/runtime/build-step-batch.ts';
import { PAGE_TOKENS } from '../src/pages.ts';
import type { Forward } from '../src/runtime/runtime.ts';
import { createWebGpuRuntime } from '../src/runtime/webgpu/webgpu-runtime.ts';
import { numElements } from '../src/weights/safetensors-header.ts';
import { GPT2_SMALL } from '../scripts/random-gpt2.ts';

/** Dawn's null backend grants 512 MB: enough for the weights in half precision and a page of each sequence. */
const NUM_SEQUENCES = 8;
const NUM_WARM_STEPS = 500;
const STEPS_PER_ROUND = 2000;
const NUM_ROUNDS = 5;

/**
 * What a step costs before a GPU does anything: decodes of GPT-2 small, 8 sequences a step, replayed on Dawn's null
 * backend, with the most probable tokens read back.
 */
const config = parseGpt2Config(GPT2_SMALL);
const runtime = await createWebGpuRuntime({ weights: 'f16', backend: 'null' });
const parameters = createGpt2Parameters(config, (name, shape) =>
  runtime.createParameter(name, shape, new Float32Array(numElements(shape))),
);
const model = new Gpt2(config, parameters);
const { numLayers, numKvHeads, headDim } = config;
const cache = runtime.createKvCache({
  numLayers,
  numKvHeads,
  headDim,
  numPages: NUM_SEQUENCES,
  maxStepPages: NUM_SEQUENCES,
});
const forward: Forward = (ops) => model.forward(ops);

async function runSteps(numSteps: number): Promise<void> {
  for (let step = 0; step < numSteps; step++) {
    const segments = Array.from({ length: NUM_SEQUENCES }, (_, sequence) => ({
      pages: [sequence],
      positionStart: step % PAGE_TOKENS,
      tokenIds: [step % config.vocabSize],
      logits: 'last' as const,
      topIsEnough: true,
    }));
    await runtime.runStep(buildStepBatch(segments, [NUM_SEQUENCES]), cache, forward);
  }
}

await runSteps(NUM_WARM_STEPS);
const rates: number[] = [];
for (let round = 0; round < NUM_ROUNDS; round++) {
  const startedAt = performance.now();
  await runSteps(STEPS_PER_ROUND);
  rates.push((1000 * STEPS_PER_ROUND) / (performance.now() - startedAt));
}
await runtime.dispose();
const sorted = rates.map(Math.round).sort((a, b) => a - b);
process.stdout.write(
  `${sorted[NUM_ROUNDS >> 1] ?? 0} steps/s of GPT-2 small at ${NUM_SEQUENCES} rows on Dawn's null backend ` +
    `(median of ${NUM_ROUNDS} rounds of ${STEPS_PER_ROUND}; ${sorted[0] ?? 0} to ${sorted.at(-1) ?? 0})\n`,
);
