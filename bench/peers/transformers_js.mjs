/**
 * A process that generates by transformers.js, for `npm run bench -- --peers`; see peer_process.mjs.
 *
 *     node bench/peers/transformers_js.mjs PACKAGES MODEL_DIRECTORY fp32|q8
 *
 * `batching: 'static'` gives all prompts to one call, which is the best that the library can do; `'each'` makes a call
 * for each prompt by Promise.all, as a plain server over it would. All prompts of a batch are of one length, so none
 * is padded.
 */
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createStopwatch, serveOrders, versionOf } from './peer_process.mjs';

const [packages, modelDirectory, dtype] = process.argv.slice(2);
const entry = join(packages, 'node_modules/@huggingface/transformers/dist/transformers.node.mjs');
const { AutoModelForCausalLM, BaseStreamer, Tensor, env } = await import(pathToFileURL(entry).href);
env.allowRemoteModels = false;
env.localModelPath = dirname(modelDirectory);
const model = await AutoModelForCausalLM.from_pretrained(basename(modelDirectory), { dtype, device: 'cpu' });

/** Hears of each step's tokens; of the prompt first. */
class StepListener extends BaseStreamer {
  #isPrompt = true;
  #onStep;

  constructor(onStep) {
    super();
    this.#onStep = onStep;
  }

  put(tokensOfRows) {
    if (!this.#isPrompt) this.#onStep(tokensOfRows.map(([token]) => Number(token)));
    this.#isPrompt = false;
  }

  end() {}
}

async function generate(prompts, maxTokens, onStep) {
  const shape = [prompts.length, prompts[0].length]; // [batch, seq]
  const ids = BigInt64Array.from(prompts.flat(), BigInt);
  await model.generate({
    input_ids: new Tensor('int64', ids, shape),
    attention_mask: new Tensor('int64', new BigInt64Array(ids.length).fill(1n), shape),
    max_new_tokens: maxTokens,
    do_sample: false,
    streamer: new StepListener(onStep),
  });
}

const onnxruntime = versionOf(packages, 'onnxruntime-node');
serveOrders(
  `transformers.js ${env.version} on onnxruntime-node ${onnxruntime}`,
  async ({ prompts, maxTokens, batching }) => {
    const stopwatch = createStopwatch(prompts.length);
    if (batching === 'static') {
      await generate(prompts, maxTokens, (tokens) =>
        tokens.forEach((token, stream) => stopwatch.note(stream, token)),
      );
    } else {
      await Promise.all(
        prompts.map((prompt, stream) =>
          generate([prompt], maxTokens, ([token]) => stopwatch.note(stream, token)),
        ),
      );
    }
    return stopwatch.times();
  },
);
