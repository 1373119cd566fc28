import { parseGpt2Config } from '../model/gpt2-config.ts';
import { BytePairEncoder } from './byte-pair-encoder.ts';
import { trainMerges } from './train-merges.ts';
import { type Book, readCorpus } from './corpus.ts';
import { finishRun } from './finish-run.ts';
import { encodeHeldOut } from './held-out.ts';
import { TrainingKernels } from './kernels.ts';
import { gpt2ConfigJson, writeModelDescription } from './model-directory.ts';
import type { TrainOptions } from './train-options.ts';
import { Progress } from './progress.ts';
import { type TrainingData, TrainingRun } from './training-run.ts';

/** Bytes and `<|endoftext|>`: what a vocabulary has beside its merges. */
const NUM_BASE_TOKENS = 257;

/**
 * Trains a tokenizer and a GPT-2 on the corpus and writes the served directory; see `TRAIN_HELP`. Ends early, with a
 * checkpoint, when `signal` is aborted.
 */
export async function train(options: TrainOptions, signal: AbortSignal): Promise<void> {
  const books = await readCorpus(options.corpus, options.heldOutFraction);
  const data = prepareData(books, options.vocabSize);
  const configJson = gpt2ConfigJson(options, data.encoder);
  const config = parseGpt2Config(configJson);
  await writeModelDescription(options.out, configJson, data.encoder);
  const kernels = await TrainingKernels.start(options.numThreads, options.products);
  try {
    const run = await TrainingRun.create(kernels, options, config, data);
    console.error(
      `${run.parameters.numParameters} parameters, ${data.tokens.length} tokens to train on, ` +
        `${data.heldOut.numBytes} bytes held out, ${kernels.numThreads} threads, products by ${kernels.products}`,
    );
    const progress = new Progress(options.numSteps, run.state.step);
    await run.train(signal, (figures) => progress.update(figures));
    progress.stop();
    const { state } = run;
    run.dispose();
    if (state.step < options.numSteps) return;
    const titles = books.map(({ title }) => title);
    const bitsPerByte = await finishRun(kernels, options, data, titles, state);
    console.error(`held-out bits per byte of the weights in ${options.out}: ${bitsPerByte.toFixed(4)}`);
  } finally {
    await kernels.dispose();
  }
}

/** Fits the tokenizer to the training texts and encodes everything; `<|endoftext|>` stands before each book. */
export function prepareData(books: readonly Book[], vocabSize: number): TrainingData {
  const texts = books.map(({ trainingText }) => trainingText);
  const encoder = new BytePairEncoder(trainMerges(texts, vocabSize - NUM_BASE_TOKENS));
  const encoded = texts.flatMap((text) => [encoder.endOfTextId, ...encoder.encode(text)]);
  const tokens = Int32Array.from([...encoded, encoder.endOfTextId]);
  const numTrainingBytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return { encoder, tokens, numTrainingBytes, heldOut: encodeHeldOut(books, encoder) };
}
