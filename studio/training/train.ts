import { isDeepStrictEqual } from 'node:util';
import { EngineError } from '../../src/errors.ts';
import { type Gpt2Config, parseGpt2Config } from '../../src/model/gpt2-config.ts';
import { readCorpus, type Source } from './corpus.ts';
import { finishRun } from './finish-run.ts';
import { TrainingKernels } from './kernels.ts';
import { gpt2ConfigJson, writeModelDescription } from './model-directory.ts';
import { Progress } from './progress.ts';
import { checkDirectory, clearDirectory } from './run-directory.ts';
import { meanWithModel, readStartModel, type StartModel } from './start-model.ts';
import type { TrainOptions } from './train-options.ts';
import { checkAmount, prepareData, type TrainingData } from './training-data.ts';
import { TrainingRun } from './training-run.ts';

/** Steps that an estimate is made of; the first of a run also compiles code and is none of them. */
const NUM_TIMED_STEPS = 2;

/**
 * Trains a tokenizer and a GPT-2 on the corpus and writes the served directory. Says after the first steps how long it
 * will take. Ends early, with a checkpoint, when `signal` is aborted.
 * @throws EngineError `config_invalid` before anything is written: for a corpus that is too small, a directory with another
 * run
 */
export async function train(given: TrainOptions, signal: AbortSignal): Promise<void> {
  await checkDirectory(given);
  const { options, start, sources, data, config, configJson } = await prepare(given);
  const kernels = await TrainingKernels.start(options.numThreads, options.products);
  try {
    const run = await TrainingRun.create(kernels, options, config, data, start);
    // Not before it is known that a run that is resumed is this one.
    if (options.overwrite) await clearDirectory(options.out);
    await writeModelDescription(options.out, configJson, data);
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
    const bitsPerByte = await finishRun(kernels, options, data, sources, state);
    console.error(`held-out bits per byte of the weights in ${options.out}: ${bitsPerByte.toFixed(4)}`);
  } finally {
    await kernels.dispose();
  }
}

/**
 * Says how long a run would take, by its first steps; writes nothing.
 * @throws EngineError as `train`
 */
export async function estimateTraining(given: TrainOptions): Promise<void> {
  const { options, data, config } = await prepare(given);
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
  /** With the shape of the model that it begins with. */
  readonly options: TrainOptions;
  readonly start: StartModel | undefined;
  readonly sources: readonly Source[];
  readonly data: TrainingData;
  readonly config: Gpt2Config;
  readonly configJson: Record<string, unknown>;
}

async function prepare(given: TrainOptions): Promise<Prepared> {
  const start = await startModelOf(given);
  const options = start === undefined ? given : { ...given, ...shapeOf(start) };
  const sources = await readCorpus(options.corpus, options.heldOutFraction);
  const data = prepareData(sources, options.vocabSize, start?.encoder);
  checkAmount(data, options);
  const configJson = gpt2ConfigJson(options, data.encoder);
  const config = parseGpt2Config(configJson);
  if (start !== undefined && !isDeepStrictEqual(config, start.config)) {
    throw new EngineError(
      'config_invalid',
      `--from ${given.from}: its config.json is none that this trainer made`,
    );
  }
  return { options, start, sources, data, config, configJson };
}

async function startModelOf({ from, meanWith }: TrainOptions): Promise<StartModel | undefined> {
  if (from === undefined) return undefined;
  const start = await readStartModel(from);
  return meanWith === undefined ? start : meanWithModel(start, meanWith);
}

function shapeOf({
  config,
}: StartModel): Pick<TrainOptions, 'vocabSize' | 'contextLength' | 'dim' | 'numLayers' | 'numHeads'> {
  const { vocabSize, contextLength, dim, numLayers, numHeads } = config;
  return { vocabSize, contextLength, dim, numLayers, numHeads };
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

/** `3 h 12 min`, `12 min`, `40 s`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

interface RunSizes {
  /** Of one optimizer step. */
  readonly stepMs: number;
  readonly numSteps: number;
  readonly tokensPerStep: number;
  readonly numHeldOutTokens: number;
  /** Steps between looks at the held-out text. */
  readonly evaluateEvery: number;
}

/** A forward pass is one of the three products of a step: those of the gradients are two more. */
const FORWARD_SHARE = 1 / 3;

/** Milliseconds that steps take, and the looks at the held-out text between them. */
export function estimateMs(sizes: RunSizes): number {
  const { stepMs, numSteps, tokensPerStep, numHeldOutTokens, evaluateEvery } = sizes;
  const lookMs = (numHeldOutTokens / tokensPerStep) * stepMs * FORWARD_SHARE;
  return numSteps * stepMs + Math.ceil(numSteps / evaluateEvery) * lookMs;
}
