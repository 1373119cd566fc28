/**
 * Writes tests/fixtures/smollm2-llama-cpp.json: how llama.cpp (npm's node-llama-cpp) goes on after the prompts of
 * smollm2-prompts.json, greedily, by how much each token led, and how it tokenizes.
 *
 *     node bench/peers/llama_cpp_greedy.mjs SmolLM2-135M-Instruct.Q4_1.gguf
 *
 * Twice, on the same file. `rounded`: on one thread of the processor, where llama.cpp rounds activations to 8 bits
 * before it multiplies them with quantised weights; that moves leads by up to 0.9. `float32`: by its Vulkan backend,
 * told to do without half precision and integer products (Mesa's device in software will do), which moves them by some
 * thousandths; there the continuation that transformers drafted is checked token by token, as speculative decoding
 * does, since a GPU in software is slow at single tokens. No flash attention, keys and values in float32 in both.
 *
 * node-llama-cpp is installed on demand into node_modules/.cache, without scripts: its binaries are packages.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const VERSION = '3.22.1';
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FIXTURES = join(ROOT, 'tests/fixtures');
const IN_FLOAT32 = {
  GGML_VK_VISIBLE_DEVICES: '0',
  GGML_VK_DISABLE_F16: '1',
  GGML_VK_DISABLE_BFLOAT16: '1',
  GGML_VK_DISABLE_COOPMAT: '1',
  GGML_VK_DISABLE_COOPMAT2: '1',
  GGML_VK_DISABLE_INTEGER_DOT_PRODUCT: '1',
};

function fail(text) {
  console.error(text);
  process.exit(1);
}

/** The package, from a folder of its own. */
async function importNodeLlamaCpp() {
  const folder = join(ROOT, 'node_modules/.cache/tokenflare/node-llama-cpp');
  const installed = join(folder, 'node_modules/node-llama-cpp');
  if (!existsSync(installed)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const binaries = `@node-llama-cpp/linux-${process.arch}`;
    const packages = ['node-llama-cpp', binaries, `${binaries}-vulkan`].map((name) => `${name}@${VERSION}`);
    const flags = ['--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund'];
    const options = { cwd: folder, stdio: ['ignore', 2, 2] };
    const { status } = spawnSync('npm', ['install', ...flags, ...packages], options);
    if (status !== 0) fail(`npm could not install node-llama-cpp ${VERSION}`);
  }
  return import(pathToFileURL(join(installed, 'dist/index.js')).href);
}

/**
 * What the model would choose after `context` and after each token of `draft`, and the chosen tokens' leads in logits.
 */
async function choose(sequence, context, draft) {
  await sequence.adaptStateToTokens(context.slice(0, -1));
  const excess = { start: context.length - 1, end: sequence.nextTokenIndex };
  if (excess.end > excess.start) await sequence.eraseContextTokenRanges([excess]);
  const logits = { filter: { tokens: [], includeTop: 2 } };
  const input = [...context, ...draft].slice(sequence.nextTokenIndex);
  const start = input.length - draft.length - 1;
  const results = await sequence.controlledEvaluate(
    input.map((token, index) => (index < start ? token : [token, { generateNext: { logits } }])),
  );
  return results.slice(start).map(({ next }) => {
    const [first, second] = [...next.logits].toSorted(([, a], [, b]) => b - a);
    return { tokenId: first[0], margin: first[1] - second[1] };
  });
}

/** Greedy tokens; of a draft those are taken that are what the model chooses itself. */
async function continueGreedily(sequence, promptTokenIds, numTokens, drafted = []) {
  const tokenIds = [];
  const margins = [];
  while (tokenIds.length < numTokens) {
    const agrees = tokenIds.every((token, index) => token === drafted[index]);
    const draft = agrees ? drafted.slice(tokenIds.length, numTokens - 1) : [];
    for (const [index, choice] of (
      await choose(sequence, [...promptTokenIds, ...tokenIds], draft)
    ).entries()) {
      tokenIds.push(choice.tokenId);
      margins.push(Number(choice.margin.toFixed(4)));
      if (choice.tokenId !== draft[index]) break;
    }
  }
  return { tokenIds, margins };
}

/** Opens the model with llama.cpp as `llamaOptions` say, and closes it when `work` is done. */
async function withModel(getLlama, llamaOptions, modelPath, work) {
  const llama = await getLlama({ build: 'never', maxThreads: 1, ...llamaOptions });
  const model = await llama.loadModel({ modelPath, gpuLayers: llamaOptions.gpu ? 'max' : 0 });
  const context = await model.createContext({
    contextSize: 512,
    threads: 1,
    flashAttention: false,
    experimentalKvCacheKeyType: 'F32',
    experimentalKvCacheValueType: 'F32',
  });
  const tokenize = (text) => [...model.tokenize(text, true)];
  const result = await work({
    sequence: context.getSequence(),
    tokenize,
    release: llama.llamaCppRelease.release,
  });
  await llama.dispose();
  return result;
}

const [modelPath] = process.argv.slice(2);
if (modelPath === undefined) fail('usage: node bench/peers/llama_cpp_greedy.mjs MODEL.gguf');
Object.assign(process.env, IN_FLOAT32);
const { getLlama } = await importNodeLlamaCpp();
const readFixture = (name) => JSON.parse(readFileSync(join(FIXTURES, name), 'utf8'));
const texts = readFixture('smollm2-prompts.json').map(({ text }) => text);
const { continuations, tokenized } = readFixture('smollm2-transformers.json');
const numTokens = continuations[0].length;

const onProcessor = await withModel(
  getLlama,
  { gpu: false },
  modelPath,
  async ({ sequence, tokenize, release }) => {
    const prompts = [];
    for (const text of texts) {
      const promptTokenIds = tokenize(text);
      prompts.push({
        text,
        promptTokenIds,
        rounded: await continueGreedily(sequence, promptTokenIds, numTokens),
      });
    }
    const encoded = tokenized.map(({ text }) => ({ text, tokenIds: tokenize(text) }));
    return { madeBy: `node-llama-cpp ${VERSION}, llama.cpp ${release}`, prompts, tokenized: encoded };
  },
);
const inFloat32 = await withModel(
  getLlama,
  { gpu: 'vulkan', vramPadding: 0 },
  modelPath,
  async ({ sequence }) => {
    const all = [];
    for (const [index, { promptTokenIds }] of onProcessor.prompts.entries()) {
      all.push(await continueGreedily(sequence, promptTokenIds, numTokens, continuations[index]));
      console.error(`${index + 1} of ${texts.length} in float32`);
    }
    return all;
  },
);
const golden = {
  file: basename(modelPath),
  sha256: createHash('sha256').update(readFileSync(modelPath)).digest('hex'),
  ...onProcessor,
  prompts: onProcessor.prompts.map((prompt, index) => ({ ...prompt, float32: inFloat32[index] })),
};
writeFileSync(join(FIXTURES, 'smollm2-llama-cpp.json'), `${JSON.stringify(golden)}\n`);
