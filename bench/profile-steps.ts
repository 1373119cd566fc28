/**
 * Where the time of a decode step goes on wasm: `npx tsx bench/profile-steps.ts [--model DIRECTORY] [--weights f32]
 * [--rows 1,16] [--context 160] [--threads 2]`. Runs each job of a recorded step by itself and adds up by what it does;
 * the whole step, replayed in one call, is timed in turns with it. Prints JSON, which bench/draw-step-profile.ts draws.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from '../src/bench/latency-summary.ts';
import { WEIGHT_FORMATS, type WeightFormat } from '../src/runtime/traits.ts';
import { EngineError } from '../src/errors.ts';
import { loadModel } from '../src/model/load-model.ts';
import { buildStepBatch } from '../src/runtime/build-step-batch.ts';
import type { Forward } from '../src/runtime/runtime.ts';
import { PACK_ROWS, QUANTISE_GROUPS, QUANTISE_ROWS } from '../src/runtime/wasm/assembly/kernel-ids.ts';
import { createWasmRuntime, type JobTime } from '../src/runtime/wasm/wasm-runtime.ts';
import { GPT2_SMALL, makeRandomGpt2 } from '../scripts/random-gpt2.ts';
import type { StepProfile } from './draw-step-profile.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const NUM_WARM_STEPS = 5;
const NUM_STEPS = 25;

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string' },
    weights: { type: 'string', default: 'f32' },
    rows: { type: 'string', default: '1,16' },
    context: { type: 'string', default: '160' },
    threads: { type: 'string', default: '2' },
    label: { type: 'string' },
  },
});

/** What a job is counted as. */
function partOf({ operation, kernelId }: JobTime): string {
  if (kernelId === PACK_ROWS || kernelId === QUANTISE_ROWS || kernelId === QUANTISE_GROUPS) return 'packing';
  switch (operation.kind) {
    case 'linear':
      return operation.result.rows === 'logit' && operation.result.numCols > 8192
        ? 'output head'
        : 'products';
    case 'attention':
      return 'attention';
    default:
      return 'row by row';
  }
}

function readWeights(text: string): WeightFormat {
  const format = WEIGHT_FORMATS.find((known) => known === text);
  if (format !== undefined) return format;
  throw new EngineError('config_invalid', `--weights is '${text}': must be of ${WEIGHT_FORMATS.join(', ')}`);
}

async function findModel(): Promise<string> {
  if (flags.model !== undefined) return flags.model;
  const directory = join(ROOT, 'node_modules/.cache/tokenflare/gpt2-small-random');
  await makeRandomGpt2(directory, GPT2_SMALL, join(ROOT, 'model-weights'));
  return directory;
}

const runtime = await createWasmRuntime({
  numThreads: Number(flags.threads),
  weights: readWeights(flags.weights),
});
const { model, config } = await loadModel(await findModel(), runtime);
const { numLayers, numKvHeads, headDim } = config;
const context = Number(flags.context);
const rowCounts = flags.rows.split(',').map(Number);
const cache = runtime.createKvCache({
  numLayers,
  numKvHeads,
  headDim,
  numLanes: Math.max(...rowCounts),
  laneLength: context + NUM_WARM_STEPS + NUM_STEPS,
});
const forward: Forward = (ops) => model.forward(ops);

/** Real keys and values: pages that nothing was written to are all the same one, which comes from the processor's cache. */
async function fillLanes(numLanes: number): Promise<void> {
  for (let lane = 0; lane < numLanes; lane++) {
    const tokenIds = Array.from({ length: context }, (_, i) => (7 * lane + 31 * i) % config.vocabSize);
    await runtime.runStep(
      buildStepBatch([{ lane, positionStart: 0, tokenIds, logits: 'last' }]),
      cache,
      forward,
    );
  }
}

await fillLanes(Math.max(...rowCounts));
const profiles: StepProfile[] = [];
for (const numRows of rowCounts) {
  const wholeMs: number[] = [];
  const partMs = new Map<string, number[]>();
  for (let step = -NUM_WARM_STEPS; step < NUM_STEPS; step++) {
    const segments = Array.from({ length: numRows }, (_, lane) => ({
      lane,
      positionStart: context + Math.max(0, step),
      tokenIds: [(lane + 7 * (step + NUM_WARM_STEPS)) % config.vocabSize],
      logits: 'last' as const,
    }));
    const batch = buildStepBatch(segments);
    const startedAt = performance.now();
    await runtime.runStep(batch, cache, forward);
    const durationMs = performance.now() - startedAt;
    const sums = new Map<string, number>();
    for (const job of runtime.profileStep(batch, cache, forward)) {
      sums.set(partOf(job), (sums.get(partOf(job)) ?? 0) + job.durationMs);
    }
    if (step < 0) continue;
    wholeMs.push(durationMs);
    for (const [part, ms] of sums) partMs.set(part, [...(partMs.get(part) ?? []), ms]);
  }
  const parts = Object.fromEntries([...partMs].map(([part, values]) => [part, median(values)]));
  const label = flags.label ?? `${flags.weights}, Node ${process.versions.node.split('.')[0] ?? ''}`;
  profiles.push({ label, numRows, wholeMs: median(wholeMs), partMs: parts });
}
await runtime.dispose();
process.stdout.write(`${JSON.stringify(profiles)}\n`);
