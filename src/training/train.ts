import { EngineError } from '../errors.ts';
import { type Gpt2Config, parseGpt2Config } from '../model/gpt2-config.ts';
import { BytePairEncoder } from './byte-pair-encoder.ts';
import { type Book, readCorpus } from './corpus.ts';
import { estimateMs } from './estimate-time.ts';
import { finishRun } from './finish-run.ts';
import { formatDuration } from './format-duration.ts';
import { encodeHeldOut } from './held-out.ts';
import { TrainingKernels } from './kernels.ts';
import { gpt2ConfigJson, writeModelDescription } from './model-directory.ts';
import { Progress } from './progress.ts';
import type { TrainOptions } from './train-options.ts';
import { trainMerges } from './train-merges.ts';
import { type TrainingData, TrainingRun } from './training-run.ts';

/** Bytes and `<|endoftext|>`: what a vocabulary has beside its merges. */
const NUM_BASE_TOKENS = 257;
/** The kernels want sizes that are multiples of this. */
const SIZE_UNIT = 8;
/** Steps that an estimate is made of; the first of a run also compiles code and is none of them. */
const NUM_TIMED_STEPS = 2;

/**
 * Trains a tokenizer and a GPT-2 on the corpus and writes the served directory. Says after the first steps how long it
 * will take. Ends early, with a checkpoint, when `signal` is aborted.
 * @throws EngineError `config_invalid` for a corpus that is too small, before anything is written
 */
export async function train(options: TrainOptions, signal: AbortSignal): Promise<void> {
  const { books, data, config, configJson } = await prepare(options);
  await writeModelDescription(options.out, configJson, data.encoder);
  const kernels = await TrainingKernels.start(options.numThreads, options.products);
  try {
    const run = await TrainingRun.create(kernels, options, config, data);
    tellSizes(run, kernels, options, data);
    const firstStep = run.state.step;
    const progress = new Progress(options.numSteps, firstStep);
    await run.train(signal, (figures) => {
      if (figures.step === firstStep + 1 + NUM_TIMED_STEPS) {
        progress.note(forecast(options, data, figures.step, figures.medianStepMs));
      }
      progress.update(figures);
    });
    progress.stop();
    const { state } = run;
    run.dispose();
    if (state.step < options.numSteps) {
      console.error(`stopped at step ${state.step}; the same command with --resume goes on from here`);
      return;
    }
    const bitsPerByte = await finishRun(kernels, options, data, books, state);
    console.error(`held-out bits per byte of the weights in ${options.out}: ${bitsPerByte.toFixed(4)}`);
  } finally {
    await kernels.dispose();
  }
}

/**
 * Says how long a run would take, by its first steps; writes nothing.
 * @throws EngineError as `train`
 */
export async function estimateTraining(options: TrainOptions): Promise<void> {
  const { data, config } = await prepare(options);
  const kernels = await TrainingKernels.start(options.numThreads, options.products);
  try {
    const run = await TrainingRun.create(kernels, { ...options, resume: false }, config, data);
    tellSizes(run, kernels, options, data);
    console.error(forecast(options, data, 0, run.timeSteps(1 + NUM_TIMED_STEPS)));
    run.dispose();
  } finally {
    await kernels.dispose();
  }
}

interface Prepared {
  readonly books: readonly Book[];
  readonly data: TrainingData;
  readonly config: Gpt2Config;
  readonly configJson: Record<string, unknown>;
}

async function prepare(options: TrainOptions): Promise<Prepared> {
  const books = await readCorpus(options.corpus, options.heldOutFraction);
  const data = prepareData(books, options.vocabSize);
  checkSizes(data, options);
  const configJson = gpt2ConfigJson(options, data.encoder);
  return { books, data, config: parseGpt2Config(configJson), configJson };
}

/** Fits the tokenizer to the training texts and encodes everything; `<|endoftext|>` stands before each book. */
export function prepareData(books: readonly Book[], vocabSize: number): TrainingData {
  const texts = books.map(({ trainingText }) => trainingText);
  const numTrainingBytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const merges = trainMerges(texts, vocabSize - NUM_BASE_TOKENS);
  // A small corpus has no more pairs that occur twice.
  const numTokens = Math.floor((NUM_BASE_TOKENS + merges.length) / SIZE_UNIT) * SIZE_UNIT;
  if (numTokens < NUM_BASE_TOKENS) {
    throw new EngineError(
      'config_invalid',
      `the corpus is too small: in its ${numTrainingBytes} bytes hardly a pair of letters occurs twice, and the ` +
        'tokenizer is made of such pairs',
    );
  }
  const encoder = new BytePairEncoder(merges.slice(0, numTokens - NUM_BASE_TOKENS));
  const encoded = texts.flatMap((text) => [encoder.endOfTextId, ...encoder.encode(text)]);
  const tokens = Int32Array.from([...encoded, encoder.endOfTextId]);
  return { encoder, tokens, numTrainingBytes, heldOut: encodeHeldOut(books, encoder) };
}

/** A window and the offset at which an epoch cuts the text. */
function checkSizes(
  { tokens, heldOut }: TrainingData,
  { contextLength, heldOutFraction }: TrainOptions,
): void {
  if (tokens.length < 2 * contextLength) {
    const longest = Math.floor(tokens.length / 2 / SIZE_UNIT) * SIZE_UNIT;
    const remedy = longest === 0 ? 'more text' : `more text, or --context ${longest}`;
    throw new EngineError(
      'config_invalid',
      `the corpus is too small: it has ${tokens.length} tokens to train on, and a context of ${contextLength} needs ` +
        `${2 * contextLength}; take ${remedy}`,
    );
  }
  if (heldOut.numBytes === 0) {
    throw new EngineError(
      'config_invalid',
      `of the corpus nothing is held out, by which the training is judged: take more text, or a larger --held-out ` +
        `than ${heldOutFraction}`,
    );
  }
}

function tellSizes(
  run: TrainingRun,
  kernels: TrainingKernels,
  options: TrainOptions,
  { encoder, tokens, heldOut }: TrainingData,
): void {
  const { vocabSize } = encoder;
  if (vocabSize < options.vocabSize) {
    console.error(`the corpus gives a vocabulary of ${vocabSize} tokens, not ${options.vocabSize}`);
  }
  console.error(
    `${run.parameters.numParameters} parameters, ${tokens.length} tokens to train on, ` +
      `${heldOut.numBytes} bytes held out, ${kernels.numThreads} threads, products by ${kernels.products}`,
  );
}

function forecast(options: TrainOptions, { heldOut }: TrainingData, step: number, stepMs: number): string {
  const { numSteps, batchSize, contextLength, evaluateEvery } = options;
  const numStepsLeft = numSteps - step;
  const numHeldOutTokens = heldOut.sequences.reduce((sum, tokens) => sum + tokens.length, 0);
  const ms = estimateMs({
    stepMs,
    numSteps: numStepsLeft,
    tokensPerStep: batchSize * contextLength,
    numHeldOutTokens,
    evaluateEvery,
  });
  return (
    `about ${formatDuration(ms)} for ${numStepsLeft} steps, by the first of them (${(stepMs / 1000).toFixed(2)} s each); ` +
    'Ctrl-C stops with a checkpoint, --resume goes on from it'
  );
}
