/**
 * What the native kernels compute, as one hash for each instruction set of this processor: `node
 * dist/scripts/native-digest.js MODEL ...`. The hashes are alike wherever the kernels are right, since their bits depend
 * on neither the instruction set nor the compiler. Prints JSON.
 */
import { createHash } from 'node:crypto';
import { OpenModel } from '../src/model/load-model.ts';
import { buildStepBatch, type SegmentInput } from '../src/runtime/build-step-batch.ts';
import { loadAddon } from '../src/runtime/native/native-addon.ts';
import { createNativeRuntime } from '../src/runtime/native/native-runtime.ts';
import { KV_CACHE_FORMATS } from '../src/runtime/traits.ts';

const WEIGHTS = ['auto', 'f32', 'f16', 'bf16', 'int8'] as const;
const MAX_TOKENS = 40;
const CHUNK = 7;

/** Logits of a text in chunks, and of its last tokens one by one. */
async function addModel(hash: ReturnType<typeof createHash>, path: string, instructionSet: number) {
  for (const weights of WEIGHTS) {
    for (const kvCacheFormat of KV_CACHE_FORMATS) {
      const runtime = createNativeRuntime({ numThreads: 2, weights, kvCacheFormat, instructionSet });
      const open = await OpenModel.open(path);
      const { model, config } = await open.load(runtime);
      await open.close();
      const { numLayers, numKvHeads, headDim, vocabSize } = config;
      const laneLength = Math.min(MAX_TOKENS, config.contextLength);
      const cache = runtime.createKvCache({ numLayers, numKvHeads, headDim, numLanes: 2, laneLength });
      for (let start = 0; start < laneLength;) {
        const numTokens = start < laneLength - CHUNK ? Math.min(CHUNK, laneLength - start) : 1;
        const tokenIds = Array.from({ length: numTokens }, (_, i) => ((start + i) * 7919) % vocabSize);
        const segment: SegmentInput = { lane: 1, positionStart: start, tokenIds, logits: 'all' };
        for (const row of await runtime.runStep(buildStepBatch([segment]), cache, (ops) =>
          model.forward(ops),
        )) {
          if (row instanceof Float32Array)
            hash.update(new Uint8Array(row.buffer, row.byteOffset, row.byteLength));
        }
        start += numTokens;
      }
      await runtime.dispose();
    }
  }
}

const digests: Record<string, string> = {};
for (const [instructionSet, name] of loadAddon().start(2).entries()) {
  const hash = createHash('sha256');
  for (const path of process.argv.slice(2)) await addModel(hash, path, instructionSet);
  digests[name] = hash.digest('hex');
}
process.stdout.write(`${JSON.stringify(digests)}\n`);
