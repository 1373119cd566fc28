/**
 * A process that generates by node-llama-cpp, for `npm run bench -- --peers`; see peer_process.mjs.
 *
 *     node bench/peers/node_llama_cpp.mjs PACKAGES MODEL.gguf MAX_STREAMS MAX_LENGTH
 *
 * Each prompt is a sequence of one context, and the library batches what they evaluate; a batch has room for all
 * prompts at once.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createStopwatch, serveOrders, versionOf } from './peer_process.mjs';

const [packages, modelPath, maxStreams, maxLength] = process.argv.slice(2);
const entry = join(packages, 'node_modules/node-llama-cpp/dist/index.js');
const { getLlama } = await import(pathToFileURL(entry).href);
const threads = availableParallelism();
const llama = await getLlama({ build: 'never', gpu: false, maxThreads: threads });
const model = await llama.loadModel({ modelPath, gpuLayers: 0 });
const context = await model.createContext({
  sequences: Number(maxStreams),
  contextSize: Number(maxLength),
  batchSize: Number(maxStreams) * Number(maxLength),
  threads,
  flashAttention: true,
});
const sequences = Array.from({ length: Number(maxStreams) }, () => context.getSequence());

async function generate(sequence, prompt, maxTokens, onToken) {
  await sequence.clearHistory();
  let numTokens = 0;
  // An end-of-text token is a token like the others here.
  for await (const token of sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true })) {
    onToken(token);
    if (++numTokens === maxTokens) break;
  }
}

const version = versionOf(packages, 'node-llama-cpp');
serveOrders(
  `node-llama-cpp ${version}, llama.cpp ${llama.llamaCppRelease.release}`,
  async ({ prompts, maxTokens }) => {
    const stopwatch = createStopwatch(prompts.length);
    await Promise.all(
      prompts.map((prompt, stream) =>
        generate(sequences[stream], prompt, maxTokens, (token) => stopwatch.note(stream, token)),
      ),
    );
    return stopwatch.times();
  },
);
