import { parseArgs } from 'node:util';
import { EngineError } from '../errors.ts';
import type { StoredDtype } from '../weights/write-safetensors.ts';
import { PRODUCTS, type Products } from './native-products.ts';

export const TRAIN_HELP = `Trains a byte-level BPE tokenizer and a GPT-2 on text files, and writes a directory the server loads.

  npm run train -- --corpus FILES --out DIR [options]

  --corpus FILES         text files, one book each; may be repeated, and files may follow it
  --out DIR              where model, tokenizer, model card, loss plot and checkpoint go
  --resume               go on from DIR/checkpoint.safetensors
  --vocab-size 3072      tokens, <|endoftext|> included
  --context 512          tokens a sequence holds
  --dim 256              width of the residual stream
  --layers 6
  --heads 4
  --steps 2300           optimizer steps
  --batch 4              sequences a step
  --learning-rate 1.2e-3 peak; warm-up, then a cosine down to 1 %
  --warmup 100           steps
  --weight-decay 0.1     on matrices only
  --clip 1               bound of the global gradient norm
  --dropout 0.1          on embeddings, attention weights and both residual branches
  --held-out 0.05        the end of each book that is kept from training
  --evaluate-every 100   steps between looks at the held-out text
  --checkpoint-every 100 steps
  --dtype f16            of the weights written: f16 or f32
  --seed 1
  --corpus-note TEXT     said of the corpus in the model card
  --products auto        what multiplies matrices: native, wasm; auto is native where it works
  --threads N            default: the machine's`;

export interface TrainOptions {
  readonly corpus: readonly string[];
  readonly out: string;
  readonly resume: boolean;
  readonly vocabSize: number;
  readonly contextLength: number;
  readonly dim: number;
  readonly numLayers: number;
  readonly numHeads: number;
  readonly numSteps: number;
  readonly batchSize: number;
  readonly learningRate: number;
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

const OPTIONS = {
  corpus: { type: 'string', multiple: true },
  out: { type: 'string' },
  resume: { type: 'boolean', default: false },
  'vocab-size': { type: 'string', default: '3072' },
  context: { type: 'string', default: '512' },
  dim: { type: 'string', default: '256' },
  layers: { type: 'string', default: '6' },
  heads: { type: 'string', default: '4' },
  steps: { type: 'string', default: '2300' },
  batch: { type: 'string', default: '4' },
  'learning-rate': { type: 'string', default: '1.2e-3' },
  warmup: { type: 'string', default: '100' },
  'weight-decay': { type: 'string', default: '0.1' },
  clip: { type: 'string', default: '1' },
  dropout: { type: 'string', default: '0.1' },
  'held-out': { type: 'string', default: '0.05' },
  'evaluate-every': { type: 'string', default: '100' },
  'checkpoint-every': { type: 'string', default: '100' },
  dtype: { type: 'string', default: 'f16' },
  seed: { type: 'string', default: '1' },
  'corpus-note': { type: 'string', default: '' },
  products: { type: 'string', default: 'auto' },
  threads: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

/**
 * Reads the command line; `undefined` when help is asked for.
 * @throws EngineError `config_invalid` naming the option
 */
export function parseTrainOptions(args: readonly string[], defaultThreads: number): TrainOptions | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const corpus = [...(values.corpus ?? []), ...positionals];
  if (corpus.length === 0) throw invalid('--corpus is needed: the text files to train on');
  if (values.out === undefined) throw invalid('--out is needed: the directory to write to');
  return {
    corpus,
    out: values.out,
    resume: values.resume,
    vocabSize: integer('vocab-size', values['vocab-size'], 264),
    contextLength: integer('context', values.context, 8),
    dim: integer('dim', values.dim, 8),
    numLayers: integer('layers', values.layers, 1),
    numHeads: integer('heads', values.heads, 1),
    numSteps: integer('steps', values.steps, 1),
    batchSize: integer('batch', values.batch, 1),
    learningRate: fraction('learning-rate', values['learning-rate'], 1),
    numWarmupSteps: integer('warmup', values.warmup, 1),
    weightDecay: fraction('weight-decay', values['weight-decay'], 1),
    maxGradientNorm: fraction('clip', values.clip, Infinity),
    dropout: fraction('dropout', values.dropout, 0.9),
    heldOutFraction: fraction('held-out', values['held-out'], 0.5),
    evaluateEvery: integer('evaluate-every', values['evaluate-every'], 1),
    checkpointEvery: integer('checkpoint-every', values['checkpoint-every'], 1),
    dtype: storedDtype(values.dtype),
    seed: integer('seed', values.seed, 0),
    corpusNote: values['corpus-note'],
    numThreads: values.threads === undefined ? defaultThreads : integer('threads', values.threads, 1),
    products: productsNamed(values.products),
  };
}

function parse(args: readonly string[]): ReturnType<typeof parseStrictly> {
  try {
    return parseStrictly(args);
  } catch (cause) {
    throw new EngineError('config_invalid', cause instanceof Error ? cause.message : String(cause), {
      cause,
    });
  }
}

function parseStrictly(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
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

function productsNamed(text: string): Products {
  const found = PRODUCTS.find((name) => name === text);
  if (found !== undefined) return found;
  throw invalid(`--products must be one of ${PRODUCTS.join(', ')}, not "${text}"`);
}

function invalid(message: string): EngineError {
  return new EngineError('config_invalid', `${message} (--help lists all options)`);
}
