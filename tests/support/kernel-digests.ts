import { createHash } from 'node:crypto';
import type { KernelRuntime } from '../../src/runtime/kernels/kernel-runtime.ts';
import { createNativeRuntime } from '../../src/runtime/native/native-runtime.ts';
import { KV_CACHE_FORMATS, type KvCacheFormat, type WeightFormat } from '../../src/runtime/traits.ts';
import { createWasmRuntime } from '../../src/runtime/wasm/wasm-runtime.ts';
import { someRows } from './matrix.ts';
import { runOps } from './run-ops.ts';
import { someTokenIds, StepRunner } from './step-runner.ts';
import { FORMATS, storedPart, storedRows } from './stored-rows.ts';

/**
 * What the C++ kernels compute: SHA-256 of all logits, by the case. As a program it prints those of `native` or of `wasm`, as
 * JSON, whatever Node it runs on.
 */

/** Fixtures of every architecture. */
export const MODELS = [
  'tiny-gpt2',
  'tiny-llama/gqa',
  'tiny-llama/mqa-biases-linear-rope',
  'tiny-qwen2/sliding',
  'tiny-qwen3/head-dim-16',
  'tiny-gemma3/pattern-6',
];
/** Tokens of more than a page of the cache. */
export const NUM_TOKENS = 80;
/** Rows of a tile and more, outputs of a panel and more. */
const [NUM_ROWS, NUM_OUT, DEPTH] = [14, 75, 512];

interface Case {
  readonly model: string;
  readonly weights: WeightFormat;
  readonly cache: KvCacheFormat;
}

const CASES: readonly Case[] = [
  ...MODELS.flatMap((model) =>
    (['f32', 'f16', 'bf16', 'int8'] as const).map((weights) => ({ model, weights, cache: 'f32' as const })),
  ),
  ...KV_CACHE_FORMATS.map((cache) => ({ model: 'tiny-llama/gqa', weights: 'int8' as const, cache })),
];

export type KernelName = 'native' | 'wasm';

const create = async (name: KernelName, { weights, cache }: Case): Promise<KernelRuntime> => {
  const options = { numThreads: 2, weights, kvCacheFormat: cache };
  return name === 'native' ? createNativeRuntime(options) : await createWasmRuntime(options);
};

export async function kernelDigests(name: KernelName): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const given of CASES) {
    const runtime = await create(name, given);
    const runner = await StepRunner.load(runtime, given.model, 2);
    const { contextLength, vocabSize } = runner.loaded.config;
    const hash = createHash('sha256');
    const tokenIds = someTokenIds(Math.min(NUM_TOKENS, contextLength), vocabSize, 1);
    for (const row of await runner.whole(tokenIds))
      hash.update(new Uint8Array(row.buffer, row.byteOffset, row.byteLength));
    await runtime.dispose();
    digests[`${given.model}, ${given.weights}, keys and values ${given.cache}`] = hash.digest('hex');
  }
  for (const format of FORMATS) {
    const runtime = await create(name, { model: '', weights: 'auto', cache: 'f32' });
    const part = storedPart(format, NUM_OUT, storedRows(format, NUM_OUT, DEPTH, 7));
    const weight = await runtime.createStoredParameter('w', [NUM_OUT, DEPTH], [part]);
    for (const numRows of [1, NUM_ROWS]) {
      const inputs = someRows(numRows, DEPTH, 5);
      const results = await runOps(runtime, inputs, (x, ops) => ops.linear(x, weight, undefined));
      const hash = createHash('sha256').update(new Uint8Array(Float32Array.from(results.flat()).buffer));
      digests[`${numRows} rows by ${format}`] = hash.digest('hex');
    }
    await runtime.dispose();
  }
  return digests;
}

const [, script = '', name] = process.argv;
if (script.endsWith('kernel-digests.ts') && (name === 'native' || name === 'wasm')) {
  process.stdout.write(JSON.stringify(await kernelDigests(name)));
}
