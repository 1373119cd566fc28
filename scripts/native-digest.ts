/**
 * What the native kernels compute, as one hash for each instruction set of this processor: `node
 * dist/scripts/native-digest.js MODEL ...`. The hashes are alike wherever the kernels are right, since their bits depend
 * on neither the instruction set nor the compiler. Prints JSON.
 */
import { createHash } from 'node:crypto';
import { loadModel } from '../src/model/load-model.ts';
import { buildStepBatch } from '../src/runtime/build-step-batch.ts';
import { loadAddon } from '../src/runtime/native/native-addon.ts';
import { createNativeRuntime } from '../src/runtime/native/native-runtime.ts';
import { firstPages } from '../src/pages.ts';
import { KV_CACHE_FORMATS } from '../src/runtime/traits.ts';

const WEIGHTS = ['auto', 'f32', 'f16', 'bf16', 'int8'] as const;
/** More than a page of the cache. */
const MAX_TOKENS = 80;
const CHUNK = 7;

type Hash = ReturnType<typeof createHash>;
type Options = Parameters<typeof createNativeRuntime>[0];

/** Logits of a text in chunks, and of its last tokens one by one. */
async function addModel(hash: Hash, path: string, options: Options): Promise<void> {
  const runtime = createNativeRuntime(options);
  const { model, config } = await loadModel(path, runtime);
  const { numLayers, numKvHeads, headDim, vocabSize } = config;
  const laneLength = Math.min(MAX_TOKENS, config.contextLength);
  const pages = firstPages(laneLength).reverse(); // [pages]
  const numPages = pages.length;
  const cache = runtime.createKvCache({ numLayers, numKvHeads, headDim, numPages, maxStepPages: numPages });
  for (let positionStart = 0; positionStart < laneLength;) {
    const numTokens = positionStart < laneLength - CHUNK ? CHUNK : 1;
    const tokenIds = Array.from({ length: numTokens }, (_, i) => ((positionStart + i) * 7919) % vocabSize);
    const batch = buildStepBatch([{ pages, positionStart, tokenIds, logits: 'all' }]);
    const rows = await runtime.runStep(batch, cache, (ops) => model.forward(ops));
    for (const row of rows.filter((one) => one instanceof Float32Array)) {
      hash.update(new Uint8Array(row.buffer, row.byteOffset, row.byteLength));
    }
    positionStart += numTokens;
  }
  await runtime.dispose();
}

const paths = process.argv.slice(2);
const cases = WEIGHTS.flatMap((weights) =>
  KV_CACHE_FORMATS.map((kvCacheFormat) => ({ weights, kvCacheFormat })),
);
const digests: Record<string, string> = {};
for (const [instructionSet, name] of loadAddon().start(2).entries()) {
  const hash = createHash('sha256');
  for (const path of paths) {
    for (const given of cases) await addModel(hash, path, { numThreads: 2, instructionSet, ...given });
  }
  digests[name] = hash.digest('hex');
}
process.stdout.write(`${JSON.stringify(digests)}\n`);
