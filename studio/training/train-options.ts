import { EngineError } from '../../src/errors.ts';
import type { StoredDtype } from '../../src/weights/write-safetensors.ts';
import { type ScheduleName, SCHEDULES } from './learning-rate.ts';
import { PRODUCTS, type Products } from './products.ts';

/** A flag of the trainer that takes a value: its name, its default as one writes it, and what it is. */
interface TrainFlag {
  readonly flag: string;
  readonly default: string | undefined;
  readonly meaning: string;
}

const flag = (name: string, defaultValue: string | undefined, meaning: string): TrainFlag => ({
  flag: name,
  default: defaultValue,
  meaning,
});

/** Beside the files, --out, --from, --mean-with, --resume, --overwrite and --estimate. */
export const TRAIN_FLAGS: readonly TrainFlag[] = [
  flag('vocab-size', '3072', 'tokens, special ones included; fewer where the corpus gives no more'),
  flag('context', '512', 'tokens a sequence holds'),
  flag('dim', '256', 'width of the residual stream'),
  flag('layers', '6', 'transformer blocks'),
  flag('heads', '4', 'heads of attention'),
  flag('initial', 'gpt2', 'weights to begin with: gpt2, random; copying, with two heads that copy'),
  flag('steps', '2300', 'optimizer steps'),
  flag('batch', '4', 'sequences a step'),
  flag(
    'sequences',
    'windows',
    'of a step: windows, stretches of all texts side by side; documents, each from its beginning',
  ),
  flag('learning-rate', '1.2e-3', 'peak'),
  flag(
    'schedule',
    'cosine',
    'after the warm-up: cosine, down to 1 %; wsd, constant, then a line down to 1 %',
  ),
  flag('decay-steps', '0', 'of wsd: the last steps, in which the rate falls'),
  flag('warmup', '100', 'steps of warm-up'),
  flag('weight-decay', '0.1', 'on matrices only'),
  flag('clip', '1', 'bound of the global gradient norm'),
  flag('dropout', '0.1', 'on embeddings, attention weights and both residual branches'),
  flag('held-out', '0.05', 'the end of each file that is kept from training'),
  flag('evaluate-every', '100', 'steps between looks at the held-out text'),
  flag('checkpoint-every', '100', 'steps between checkpoints'),
  flag('dtype', 'f16', 'of the weights written: f16 or f32'),
  flag('seed', '1', 'of everything random'),
  flag('corpus-note', '', 'said of the corpus in the model card'),
  flag('products', 'auto', 'what computes: native, bf16, wasm; auto is native where it works'),
  flag('threads', undefined, "threads that compute; by default the machine's"),
];

/** Flags that say of what shape a model is, and what it begins with. */
const SHAPE_FLAGS = ['vocab-size', 'context', 'dim', 'layers', 'heads', 'initial'] as const;

/** The weights that a run without `--from` begins with: see trainable-parameters.ts. */
export const INITIALS = ['gpt2', 'copying'] as const;
export type Initial = (typeof INITIALS)[number];

export const SEQUENCE_KINDS = ['windows', 'documents'] as const;
export type SequenceKind = (typeof SEQUENCE_KINDS)[number];

export interface TrainOptions {
  readonly corpus: readonly string[];
  readonly out: string;
  /** The directory of a model of this trainer that the run begins with; without it with random weights. */
  readonly from: string | undefined;
  /** That of another, where it begins with the mean of their weights. */
  readonly meanWith: string | undefined;
  readonly resume: boolean;
  /** The run in `out`, if there is one, gives way. */
  readonly overwrite: boolean;
  readonly vocabSize: number;
  readonly contextLength: number;
  readonly dim: number;
  readonly numLayers: number;
  readonly numHeads: number;
  readonly initial: Initial;
  readonly numSteps: number;
  readonly batchSize: number;
  /** What stands in a sequence; of documents a step has as many as make up batch * context tokens. */
  readonly sequences: SequenceKind;
  readonly learningRate: number;
  readonly schedule: ScheduleName;
  /** 0 unless the schedule is `wsd`. */
  readonly numDecaySteps: number;
  readonly numWarmupSteps: number;
  readonly weightDecay: number;
  readonly maxGradientNorm: number;
  readonly dropout: number;
  readonly heldOutFraction: number;
  readonly evaluateEvery: number;
  readonly checkpointEvery: number;
  readonly dtype: StoredDtype;
  readonly seed: number;
  /** Said of the corpus in the model card; may be empty. */
  readonly corpusNote: string;
  readonly numThreads: number;
  readonly products: Products;
}

const DEFAULTS = Object.fromEntries(TRAIN_FLAGS.map(({ flag: name, default: value }) => [name, value]));

/** What the command line has beside the values of TRAIN_FLAGS. */
interface TrainTarget {
  readonly corpus: readonly string[];
  readonly out: string;
  readonly from?: string | undefined;
  readonly meanWith?: string | undefined;
  readonly resume: boolean;
  readonly overwrite?: boolean;
}

/**
 * Reads the values of flags.
 *
 * @param given by the names of TRAIN_FLAGS
 * @throws EngineError `config_invalid` naming the flag
 */
export function readTrainOptions(
  { corpus, out, from, meanWith, resume, overwrite = false }: TrainTarget,
  given: Readonly<Record<string, string>>,
  defaultThreads: number,
): TrainOptions {
  const textOf = (name: string): string => given[name] ?? DEFAULTS[name] ?? '';
  const count = (name: string, minimum: number): number => integer(name, textOf(name), minimum);
  const size = (name: string, minimum: number): number => multipleOf8(name, count(name, minimum));
  const share = (name: string, maximum: number): number => fraction(name, textOf(name), maximum);
  const shaped = from === undefined ? undefined : SHAPE_FLAGS.find((name) => given[name] !== undefined);
  if (shaped !== undefined) throw invalid(`--${shaped} is that of the model that --from names; leave it out`);
  if (meanWith !== undefined && from === undefined)
    throw invalid('--mean-with goes with --from: a mean is of two models');
  if (resume && overwrite)
    throw invalid('--resume goes on with the run that --overwrite removes; leave one out');
  const numSteps = count('steps', 1);
  const schedule = oneOf('schedule', SCHEDULES, textOf('schedule'));
  return {
    corpus,
    out,
    from,
    meanWith,
    resume,
    overwrite,
    vocabSize: size('vocab-size', 264),
    contextLength: size('context', 8),
    dim: size('dim', 8),
    numLayers: count('layers', 1),
    numHeads: count('heads', 1),
    initial: oneOf('initial', INITIALS, textOf('initial')),
    numSteps,
    batchSize: count('batch', 1),
    sequences: oneOf('sequences', SEQUENCE_KINDS, textOf('sequences')),
    learningRate: share('learning-rate', 1),
    schedule,
    numDecaySteps: decaySteps(count('decay-steps', 0), schedule, numSteps),
    numWarmupSteps: count('warmup', 1),
    weightDecay: share('weight-decay', 1),
    maxGradientNorm: share('clip', Infinity),
    dropout: share('dropout', 0.9),
    heldOutFraction: share('held-out', 0.5),
    evaluateEvery: count('evaluate-every', 1),
    checkpointEvery: count('checkpoint-every', 1),
    dtype: storedDtype(textOf('dtype')),
    seed: count('seed', 0),
    corpusNote: textOf('corpus-note'),
    numThreads: given['threads'] === undefined ? defaultThreads : count('threads', 1),
    products: oneOf('products', PRODUCTS, textOf('products')),
  };
}

/** The trainer's kernels work on eight numbers at a time. */
function multipleOf8(option: string, value: number): number {
  if (value % 8 === 0) return value;
  throw invalid(`--${option} must be a multiple of 8, not ${value}`);
}

function integer(option: string, text: string, minimum: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= minimum) return value;
  throw invalid(`--${option} must be an integer of at least ${minimum}, not "${text}"`);
}

function fraction(option: string, text: string, maximum: number): number {
  const value = Number(text);
  if (text !== '' && value >= 0 && value <= maximum) return value;
  throw invalid(`--${option} must be a number from 0 to ${maximum}, not "${text}"`);
}

function storedDtype(text: string): StoredDtype {
  if (text === 'f16') return 'F16';
  if (text === 'f32') return 'F32';
  throw invalid(`--dtype must be f16 or f32, not "${text}"`);
}

function oneOf<T extends string>(option: string, names: readonly T[], text: string): T {
  const found = names.find((name) => name === text);
  if (found !== undefined) return found;
  throw invalid(`--${option} must be one of ${names.join(', ')}, not "${text}"`);
}

function decaySteps(value: number, schedule: ScheduleName, numSteps: number): number {
  if (schedule !== 'wsd' && value > 0) throw invalid('--decay-steps is of --schedule wsd alone');
  if (value <= numSteps) return value;
  throw invalid(`--decay-steps must be at most --steps, ${numSteps}, not ${value}`);
}

function invalid(message: string): EngineError {
  return new EngineError('config_invalid', message);
}
