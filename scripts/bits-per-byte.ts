/**
 * What a model makes of a text: bits per byte, for any model, runtime and format of weights.
 *
 *     npm run bits-per-byte -- [--model PATH] [--runtime wasm] [--weights auto] [--kv-cache-format auto]
 *                              [--threads N] [--held-out 0.05] [--context TOKENS] [--max-chars N] FILE ...
 *
 * Windows of the context's length lie side by side in each file, as the trainer lays them: every token counts once, the
 * first of a window after nothing but the end-of-text token or the token before it. `--held-out` takes the last part of
 * each file alone, as the trainer splits it; `--max-chars` no more than that of each.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { KV_CACHE_FORMATS, RUNTIME_NAMES, WEIGHT_FORMATS } from '../src/runtime/traits.ts';
import { loadTokenizer } from '../src/text/load-tokenizer.ts';
import { assertInvariant, EngineError } from '../src/errors.ts';
import { loadModel, type LoadedModel } from '../src/model/load-model.ts';
import { buildStepBatch } from '../src/runtime/build-step-batch.ts';
import type { KvCache, Runtime } from '../src/runtime/runtime.ts';
import { startRuntime } from '../src/runtime/start-runtime.ts';
import { readCorpus } from '../src/training/corpus.ts';
import { windowsOf } from '../src/training/held-out.ts';

const STEP_ROWS = 128;

const { values: flags, positionals: files } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string', default: 'model-weights' },
    runtime: { type: 'string', default: 'wasm' },
    weights: { type: 'string', default: 'auto' },
    'kv-cache-format': { type: 'string', default: 'auto' },
    threads: { type: 'string' },
    'held-out': { type: 'string' },
    context: { type: 'string' },
    'max-chars': { type: 'string' },
  },
});

function oneOf<T extends string>(names: readonly T[], flag: string, value: string): T {
  const found = names.find((name) => name === value);
  if (found !== undefined) return found;
  throw new EngineError('config_invalid', `--${flag} is '${value}', not one of ${names.join(', ')}`);
}

/** What to score of each file. */
async function readTexts(): Promise<string[]> {
  const heldOut = flags['held-out'];
  const texts =
    heldOut === undefined
      ? await Promise.all(files.map((file) => readFile(file, 'utf8')))
      : (await readCorpus(files, Number(heldOut))).map(({ heldOutText }) => heldOutText);
  return texts.map((text) => text.slice(0, Number(flags['max-chars'] ?? Infinity)));
}

/** Nats of all tokens but the first, each after those before it in its window. */
async function natsOf(
  runtime: Runtime,
  { model }: LoadedModel,
  cache: KvCache,
  tokens: Int32Array,
): Promise<number> {
  let nats = 0;
  const { laneLength } = cache.shape;
  for (const { start } of windowsOf(tokens, laneLength, laneLength)) {
    const end = Math.min(start + laneLength, tokens.length - 1);
    for (let first = start; first < end; first += STEP_ROWS) {
      const tokenIds = tokens.subarray(first, Math.min(first + STEP_ROWS, end));
      const segment = { lane: 0, positionStart: first - start, tokenIds, logits: 'all' } as const;
      const rows = await runtime.runStep(buildStepBatch([segment]), cache, (ops) => model.forward(ops));
      for (let i = 0; i < tokenIds.length; i++) {
        const row = rows[i];
        assertInvariant(row instanceof Float32Array, 'rows come whole unless the batch asks for their top');
        nats += logSumExp(row) - (row[tokens[first + i + 1] ?? 0] ?? NaN);
      }
    }
  }
  return nats;
}

function logSumExp(logits: Float32Array): number {
  let largest = -Infinity;
  for (const logit of logits) largest = Math.max(largest, logit);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - largest);
  return largest + Math.log(sum);
}

if (files.length === 0) throw new EngineError('config_invalid', 'name the files to measure');
const runtime = await startRuntime(oneOf(RUNTIME_NAMES, 'runtime', flags.runtime), {
  numThreads: flags.threads === undefined ? undefined : Number(flags.threads),
  weights: oneOf(WEIGHT_FORMATS, 'weights', flags.weights),
  kvCacheFormat: oneOf(['auto', ...KV_CACHE_FORMATS], 'kv-cache-format', flags['kv-cache-format']),
});
const loaded = await loadModel(flags.model, runtime);
const { numLayers, numKvHeads, headDim, contextLength, eosTokenIds } = loaded.config;
const laneLength = Math.min(contextLength, Number(flags.context ?? contextLength));
const cache = runtime.createKvCache({ numLayers, numKvHeads, headDim, numLanes: 1, laneLength });
const tokenizer = await loadTokenizer(flags.model);
const texts = await readTexts();

let [nats, numBytes, numTokens] = [0, 0, 0];
const startedAt = performance.now();
for (const text of texts) {
  const tokens = Int32Array.from([
    eosTokenIds[0] ?? 0,
    ...tokenizer.encode(text, { addSpecialTokens: false }),
  ]);
  nats += await natsOf(runtime, loaded, cache, tokens);
  numBytes += Buffer.byteLength(text);
  numTokens += tokens.length - 1;
}
const seconds = (performance.now() - startedAt) / 1000;
console.log(
  `${(nats / Math.LN2 / numBytes).toFixed(5)} bits per byte: ${numTokens} tokens, ${numBytes} bytes, windows of ` +
    `${laneLength}; ${runtime.description}, WEIGHTS=${flags.weights}, Node ${process.version}, ` +
    `${(numTokens / seconds).toFixed(0)} tokens/s`,
);
await runtime.dispose();
