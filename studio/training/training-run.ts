import * as tf from '@tensorflow/tfjs-core';
import { setImmediate } from 'node:timers/promises';
import { assertInvariant, EngineError } from '../../src/errors.ts';
import type { Gpt2Config } from '../../src/model/gpt2-config.ts';
import { AdamW } from './adamw.ts';
import {
  type Checkpoint,
  type HistoryPoint,
  readCheckpoint,
  type TrainingState,
  writeCheckpoint,
} from './checkpoint.ts';
import { type Batch, DocumentBatches } from './document-batches.ts';
import { type HeldOut, heldOutFigures } from './held-out.ts';
import type { TrainingKernels } from './kernels.ts';
import { beginAlike, decayStart, learningRateAt, type Schedule } from './learning-rate.ts';
import { lossAndGradients } from './loss-and-gradients.ts';
import { writeWeights } from './model-directory.ts';
import type { ProgressFigures } from './progress.ts';
import { hashCounters } from './random.ts';
import { beforeDecayPath, checkpointPath, isThere } from './run-directory.ts';
import { fingerprintOf, flagsThatDiffer } from './run-fingerprint.ts';
import type { StartModel } from './start-model.ts';
import { TokenBuffers } from './token-buffers.ts';
import type { TrainOptions } from './train-options.ts';
import { TrainableParameters } from './trainable-parameters.ts';
import type { TrainingData } from './training-data.ts';
import type { DropoutRates } from './training-ops.ts';
import { TrainingWindows } from './training-windows.ts';

const BETA1 = 0.9;
const BETA2 = 0.99;
const EPSILON = 1e-8;
/** Share of the peak learning rate that is left in the last step. */
const FINAL_LEARNING_RATE = 0.01;
/** Steps whose speed the figures of the progress line average. */
const SPEED_STEPS = 20;

/**
 * A training run: weights, moments and the place in the data. Everything random in a step is a function of seed and
 * step, so a run that is resumed from a checkpoint ends with the same bits as one that was never interrupted.
 */
export class TrainingRun {
  readonly parameters: TrainableParameters;
  readonly buffers: TokenBuffers;
  readonly #options: TrainOptions;
  readonly #kernels: TrainingKernels;
  readonly #heldOut: HeldOut;
  readonly #optimizer: AdamW;
  readonly #batchAt: (step: number) => Batch;
  readonly #endId: number;
  readonly #schedule: Schedule;
  readonly #rates: DropoutRates;
  readonly #fingerprint: string;
  readonly #history: HistoryPoint[];
  readonly #stepTimes: number[] = [];
  #step: number;
  #elapsedMs: number;
  #bestBitsPerByte: number | null;
  #recentLosses: number[];

  private constructor(
    kernels: TrainingKernels,
    options: TrainOptions,
    config: Gpt2Config,
    data: TrainingData,
    start: StartModel | undefined,
    checkpoint: Checkpoint | undefined,
  ) {
    const { batchSize, weightDecay, maxGradientNorm, dropout, seed } = options;
    this.#kernels = kernels;
    this.#options = options;
    this.#heldOut = data.heldOut;
    this.#fingerprint = fingerprintOf(options, config, data.tokens.length, start);
    const saved = (name: string): Float32Array => {
      const values = checkpoint?.tensors.get(name);
      if (values === undefined) throw new EngineError('weights_invalid', `the checkpoint has no "${name}"`);
      return values;
    };
    const started = (name: string): Float32Array => {
      const values = start?.weights.get(name);
      assertInvariant(values !== undefined, `the model that the run begins with has ${name}`);
      return values;
    };
    const known = checkpoint === undefined ? start && started : saved;
    this.parameters =
      known === undefined
        ? TrainableParameters.initialise(config, seed, options.initial)
        : TrainableParameters.from(config, known);
    this.#optimizer = new AdamW(
      kernels,
      this.parameters.variables,
      { beta1: BETA1, beta2: BETA2, epsilon: EPSILON, weightDecay, maxGradientNorm },
      checkpoint && saved,
    );
    this.#endId = data.encoder.endOfTextId;
    this.#batchAt = batchesOf(data, options, config.contextLength);
    this.buffers = new TokenBuffers(kernels.memory, batchSize, config.contextLength);
    this.#schedule = scheduleOf(options);
    this.#rates = { embedding: dropout, attention: dropout, residual: dropout };
    this.#step = checkpoint?.state.step ?? 0;
    this.#elapsedMs = checkpoint?.state.elapsedMs ?? 0;
    this.#bestBitsPerByte = checkpoint?.state.bestBitsPerByte ?? null;
    this.#history = [...(checkpoint?.state.history ?? [])];
    this.#recentLosses = [...(checkpoint?.state.recentLosses ?? [])];
  }

  /**
   * A fresh run, or with `--resume` the one in the output directory's checkpoint.
   * @param start the model that it begins with; its shape is that of `config`
   */
  static async create(
    kernels: TrainingKernels,
    options: TrainOptions,
    config: Gpt2Config,
    data: TrainingData,
    start?: StartModel,
  ): Promise<TrainingRun> {
    const fingerprint = fingerprintOf(options, config, data.tokens.length, start);
    const checkpoint = options.resume ? await checkpointToResume(options, fingerprint) : undefined;
    return new TrainingRun(kernels, options, config, data, start, checkpoint);
  }

  get state(): TrainingState {
    const { schedule, numSteps, numDecaySteps } = this.#options;
    return {
      step: this.#step,
      elapsedMs: this.#elapsedMs,
      bestBitsPerByte: this.#bestBitsPerByte,
      history: this.#history,
      recentLosses: this.#recentLosses,
      fingerprint: this.#fingerprint,
      ...(schedule === 'wsd' ? { scheduleLength: { numSteps, numDecaySteps } } : {}),
    };
  }

  /**
   * Steps until the schedule's end or until `signal` asks to stop; then writes a checkpoint. The weights with the
   * best held-out figure so far are in the output directory at any time. A checkpoint from before the learning rate
   * falls is kept, from which a longer run goes on.
   */
  async train(signal: AbortSignal, onStep: (figures: ProgressFigures) => void): Promise<void> {
    const { numSteps, numDecaySteps, evaluateEvery, checkpointEvery } = this.#options;
    const lastAtPeak = numDecaySteps > 0 ? decayStart({ numSteps, numDecaySteps }) : undefined;
    while (this.#step < numSteps && !signal.aborted) {
      if (this.#step === lastAtPeak) await this.#save(beforeDecayPath(this.#options.out));
      const startedAt = performance.now();
      const loss = this.#trainStep();
      this.#recentLosses.push(loss);
      this.#step++;
      this.#stepTimes.push(performance.now() - startedAt);
      const isLast = this.#step === numSteps;
      if (this.#step % evaluateEvery === 0 || isLast) await this.#evaluate();
      this.#elapsedMs += performance.now() - startedAt;
      if (this.#step % checkpointEvery === 0 || isLast) await this.#save();
      onStep(this.#figures(loss));
      // Lets signals in: the step itself never yields.
      await setImmediate();
    }
    if (this.#step < numSteps) await this.#save();
  }

  /** Milliseconds of a step, the middle one of so many after a first that does not count. The run is of no use after it. */
  timeSteps(numSteps: number): number {
    for (let i = 0; i < numSteps; i++) {
      const startedAt = performance.now();
      this.#trainStep();
      this.#step++;
      this.#stepTimes.push(performance.now() - startedAt);
    }
    return median(this.#stepTimes.slice(1));
  }

  dispose(): void {
    this.parameters.dispose();
    this.#optimizer.dispose();
    this.buffers.dispose();
  }

  #trainStep(): number {
    this.buffers.fill(this.#batchAt(this.#step));
    const dropoutSeed = hashCounters(this.#options.seed, 2, this.#step);
    const { loss, gradients } = lossAndGradients(
      this.#kernels,
      this.parameters,
      this.buffers,
      this.#rates,
      dropoutSeed,
    );
    if (!Number.isFinite(loss)) {
      throw new EngineError(
        'internal',
        `the loss of step ${this.#step} is ${loss}: try a lower --learning-rate`,
      );
    }
    this.#optimizer.step(gradients, this.#step + 1, learningRateAt(this.#step, this.#schedule));
    tf.dispose(gradients);
    return loss;
  }

  async #evaluate(): Promise<void> {
    const { buffers, parameters } = this;
    const [bits = NaN] = heldOutFigures(
      {
        kernels: this.#kernels,
        model: parameters.model,
        buffers,
        heldOut: this.#heldOut,
        endId: this.#endId,
      },
      { ...this.#options, contextLength: parameters.model.config.contextLength },
    );
    const trainingLoss = this.#recentLosses.reduce((sum, loss) => sum + loss, 0) / this.#recentLosses.length;
    this.#history.push({ step: this.#step, trainingLoss, heldOutBitsPerByte: bits });
    this.#recentLosses = [];
    if (this.#bestBitsPerByte !== null && bits >= this.#bestBitsPerByte) return;
    this.#bestBitsPerByte = bits;
    await writeWeights(this.#options.out, parameters, this.#options.dtype);
  }

  async #save(path = checkpointPath(this.#options.out)): Promise<void> {
    await writeCheckpoint(path, this.parameters, this.#optimizer, this.state);
  }

  #figures(loss: number): ProgressFigures {
    const recent = this.#stepTimes.slice(-SPEED_STEPS);
    const msPerStep = recent.reduce((sum, ms) => sum + ms, 0) / recent.length;
    return {
      step: this.#step,
      loss,
      bitsPerByte: this.#history.at(-1)?.heldOutBitsPerByte,
      tokensPerSecond: (this.buffers.numRows / msPerStep) * 1000,
      medianStepMs: median(recent.slice(1)),
      secondsLeft: ((this.#options.numSteps - this.#step) * msPerStep) / 1000,
    };
  }
}

function batchesOf(
  { tokens, encoder }: TrainingData,
  { sequences, batchSize, seed: runSeed }: TrainOptions,
  contextLength: number,
): (step: number) => Batch {
  const seed = hashCounters(runSeed, 1);
  if (sequences === 'windows') {
    const windows = new TrainingWindows(tokens, contextLength, seed);
    return (step) => windows.batch(step, batchSize);
  }
  const [endId, maxRows] = [encoder.endOfTextId, batchSize * contextLength];
  const batches = new DocumentBatches(tokens, { endId, contextLength, maxRows, seed });
  return (step) => batches.batch(step);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

function scheduleOf(options: TrainOptions): Schedule {
  const { schedule: name, learningRate: peak, numWarmupSteps, numSteps, numDecaySteps } = options;
  return { name, peak, finalFraction: FINAL_LEARNING_RATE, numWarmupSteps, numSteps, numDecaySteps };
}

/**
 * The checkpoint that a run with these options goes on from, so that it ends with the bits of one that had them from
 * its start: the latest, or the one from before the learning rate fell if the run is longer now.
 * @param fingerprint of the run with these options
 * @throws EngineError `weights_invalid` for a file that is no checkpoint, `config_invalid` where neither will do
 */
async function checkpointToResume(options: TrainOptions, fingerprint: string): Promise<Checkpoint> {
  const { out, numSteps, numDecaySteps } = options;
  const latest = await readCheckpoint(checkpointPath(out));
  if (latest.state.fingerprint !== fingerprint) {
    const flags = flagsThatDiffer(latest.state.fingerprint, fingerprint);
    throw new EngineError(
      'config_invalid',
      `the run in ${out} has other flags: ${flags.join(', ')}; --resume goes on with the same, a new run needs another --out`,
    );
  }
  if (fits(latest, options)) return latest;
  const path = beforeDecayPath(out);
  const earlier = (await isThere(path)) ? await readCheckpoint(path) : undefined;
  if (earlier !== undefined && fits(earlier, options)) {
    console.error(`goes on from step ${earlier.state.step}, the last before the learning rate fell`);
    return earlier;
  }
  throw new EngineError(
    'config_invalid',
    `the checkpoint has done ${latest.state.step} steps, of which some had another learning rate than with --steps ` +
      `${numSteps} --decay-steps ${numDecaySteps}: take more steps, or fewer that decay`,
  );
}

/** Of a run by cosine the fingerprint says whether it is the same, the number of steps included. */
function fits({ state }: Checkpoint, options: TrainOptions): boolean {
  const { scheduleLength } = state;
  return scheduleLength === undefined || beginAlike(state.step, scheduleLength, options);
}
