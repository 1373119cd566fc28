import { assertInvariant, EngineError } from '../errors.ts';
import { buildStepBatch } from './build-step-batch.ts';
import { runTrial } from './auto/trial.ts';
import type { ProbeTrial, RuntimeProbe } from './probe-runtime.ts';
import type { Runtime } from './runtime.ts';
import { startRuntime } from './start-runtime.ts';
import { RUNTIME_NAMES, type RuntimeName } from './traits.ts';

/** A process that starts the runtime named in its argument and says on its last line how that went. */
const name = RUNTIME_NAMES.find((candidate) => candidate === process.argv[2]);
assertInvariant(name !== undefined, `a runtime is named: one of ${RUNTIME_NAMES.join(', ')}`);
// Our own process wrote it.
const trial = process.argv[3] === undefined ? undefined : (JSON.parse(process.argv[3]) as ProbeTrial);
const result = await probe(name);
// A driver may keep handles open, or crash on the way out: nothing after this line matters.
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));

async function probe(runtimeName: RuntimeName): Promise<RuntimeProbe> {
  const startedAt = performance.now();
  try {
    const options = { numThreads: undefined, weights: 'f32' as const };
    const runtime = await startRuntime(runtimeName, options);
    await checkProduct(runtime);
    const startMs = Math.round(performance.now() - startedAt);
    if (trial === undefined || runtime.device.isSoftware === true) {
      const { description, device } = runtime;
      return { name: runtimeName, works: true, description, device, startMs };
    }
    await runtime.dispose();
    // As the engine will start it.
    const tried = await startRuntime(runtimeName, trial.options);
    const figures = await runTrial(tried, trial.shape);
    const { description, device } = tried;
    return { name: runtimeName, works: true, description, device, startMs, figures };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { name: runtimeName, works: false, reason: error.message };
  }
}

/** A driver that computes nothing may still start. [2, 2] x [2, 2] in whole numbers has one right answer in float32. */
async function checkProduct(runtime: Runtime): Promise<void> {
  const x = runtime.createParameter('x', [2, 2], Float32Array.of(1, 2, 3, 4));
  const zeros = runtime.createParameter('zeros', [2, 2], new Float32Array(4));
  const weight = runtime.createParameter('weight', [2, 2], Float32Array.of(5, 6, 7, 8));
  const cache = runtime.createKvCache({
    numLayers: 1,
    numKvHeads: 1,
    headDim: 2,
    numPages: 1,
    maxStepPages: 1,
  });
  const batch = buildStepBatch([{ pages: [0], positionStart: 0, tokenIds: [0, 1], logits: 'all' }]);
  const rows = await runtime.runStep(batch, cache, (ops) =>
    ops.linear(ops.embed(x, zeros), weight, undefined),
  ); // [2][2]
  const values = rows.slice(0, 2).flatMap((row) => (row instanceof Float32Array ? [...row] : []));
  if (values.join() !== '17,23,39,53') {
    throw new EngineError(
      'backend_unavailable',
      `${runtime.description} computes wrongly: a product of whole numbers came out as ${values.join(', ')}, ` +
        'not 17, 23, 39, 53; try another version of its driver or library',
    );
  }
}
