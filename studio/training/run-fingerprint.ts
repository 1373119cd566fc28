import type { Gpt2Config } from '../../src/model/gpt2-config.ts';
import type { StartModel } from './start-model.ts';
import type { TrainOptions } from './train-options.ts';

/** What decides the result of a run; paths, intervals and threads do not. */
export function fingerprintOf(
  options: TrainOptions,
  config: Gpt2Config,
  numTokens: number,
  start: StartModel | undefined,
): string {
  const { numSteps, batchSize, learningRate, numWarmupSteps, weightDecay, maxGradientNorm, dropout, seed } =
    options;
  const steps = { batchSize, learningRate, numWarmupSteps, weightDecay, maxGradientNorm };
  // A run by wsd may be resumed with another length: see resume.ts.
  const schedule = options.schedule === 'wsd' ? { schedule: 'wsd', ...steps } : { numSteps, ...steps };
  const from = start === undefined ? {} : { from: start.digest };
  const initial = options.initial === 'gpt2' ? {} : { initial: options.initial };
  const sequences = options.sequences === 'windows' ? {} : { sequences: options.sequences };
  return JSON.stringify({ config, numTokens, ...schedule, dropout, seed, ...from, ...initial, ...sequences });
}

/** Those that flags name are texts and numbers. */
type Fields = Readonly<Record<string, string | number | undefined>>;

/** The flags behind the fields of a fingerprint, and what holds where a field is absent. */
const FLAGS: readonly (readonly [field: string, flag: string, absent?: string])[] = [
  ['vocabSize', 'vocab-size'],
  ['contextLength', 'context'],
  ['dim', 'dim'],
  ['numLayers', 'layers'],
  ['numHeads', 'heads'],
  ['initial', 'initial', 'gpt2'],
  ['sequences', 'sequences', 'windows'],
  ['schedule', 'schedule', 'cosine'],
  ['numSteps', 'steps'],
  ['batchSize', 'batch'],
  ['learningRate', 'learning-rate'],
  ['numWarmupSteps', 'warmup'],
  ['weightDecay', 'weight-decay'],
  ['maxGradientNorm', 'clip'],
  ['dropout', 'dropout'],
  ['seed', 'seed'],
];

/** Where two fingerprints differ, as the flags of the first: `--seed 1 (not 2)`. */
export function flagsThatDiffer(fingerprint: string, other: string): string[] {
  const [one, two] = [fieldsOf(fingerprint), fieldsOf(other)];
  const isSameSchedule = one['schedule'] === two['schedule'];
  const flags = FLAGS.flatMap(([field, flag, absent]) => {
    const [value, otherValue] = [one[field] ?? absent, two[field] ?? absent];
    // Of two schedules one has no number of steps.
    const isSame = value === otherValue || (field === 'numSteps' && !isSameSchedule);
    return isSame ? [] : [`--${flag} ${String(value)} (not ${String(otherValue)})`];
  });
  if (one['from'] !== two['from'])
    flags.push(`--from ${one['from'] === undefined ? 'left out' : 'another model'}`);
  if (one['numTokens'] !== two['numTokens']) {
    flags.push(
      `a text of ${String(one['numTokens'])} tokens (not ${String(two['numTokens'])}: other files, or another --held-out)`,
    );
  }
  if (flags.length > 0) return flags;
  return Object.keys({ ...one, ...two }).filter(
    (field) => JSON.stringify(one[field]) !== JSON.stringify(two[field]),
  );
}

/** Those of the configuration among the others. */
function fieldsOf(fingerprint: string): Fields {
  const { config, ...others } = JSON.parse(fingerprint) as Fields & { config?: Fields };
  return { ...config, ...others };
}
