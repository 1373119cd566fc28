import { join } from 'node:path';
import { parseGpt2Config } from '../../../src/model/gpt2-config.ts';
import type { TrainingKernels } from '../../training/kernels.ts';
import { gpt2ConfigJson, writeModelDescription } from '../../training/model-directory.ts';
import { readTrainOptions, type TrainOptions } from '../../training/train-options.ts';
import type { TrainingData } from '../../training/training-data.ts';
import { TrainingRun } from '../../training/training-run.ts';

const WHO = ['The fox', 'A small mouse', 'The old king', 'Her brother', 'The owl'];
const DID = ['went to', 'looked at', 'was afraid of', 'sang about', 'slept under'];
const WHAT = ['the river', 'a tall tree', 'the garden wall', 'the moon', 'an empty house'];

const pick = (words: readonly string[], index: number): string => words[index % words.length] ?? '';

/** A few kilobytes with something to learn: short sentences from small sets of words. */
export function smallText(): string {
  return Array.from({ length: 300 }, (_, i) => {
    const by = (factor: number): number => i * factor + (i >> 3);
    const sentence = `${pick(WHO, by(1))} ${pick(DID, by(2))} ${pick(WHAT, by(3))}.`;
    return `${sentence}${i % 6 === 5 ? '\n\n' : ' '}`;
  }).join('');
}

/** Lines of a `.jsonl` file: every other one a text, the rest a conversation. */
export function smallDocuments(): string {
  const lines = Array.from({ length: 60 }, (_, i) => {
    const content = `${pick(WHO, i)} ${pick(DID, i * 2)} ${pick(WHAT, i * 3)}.`;
    if (i % 2 === 0) return { text: content };
    const question = { role: 'user', content: `What did ${pick(WHO, i).toLowerCase()} do?` };
    return { messages: [question, { role: 'assistant', content }] };
  });
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** Options of a model that learns in seconds; `more` goes before them. */
export function smallOptions(
  target: { corpus: readonly string[]; directory: string; out: string; resume?: boolean },
  more: Readonly<Record<string, string>> = {},
): TrainOptions {
  const { corpus, directory, out, resume = false } = target;
  const sizes = { 'vocab-size': '320', context: '32', dim: '32', layers: '2', heads: '2' };
  const schedule = { steps: '30', batch: '4', 'learning-rate': '3e-3', warmup: '5' };
  const flags = { ...sizes, ...schedule, dtype: 'f32', 'evaluate-every': '10', threads: '2', ...more };
  const paths = corpus.map((name) => join(directory, name));
  return readTrainOptions({ corpus: paths, out: join(directory, out), resume }, flags, 2);
}

/** A run whose output directory has all but the weights. */
export async function startSmallRun(
  kernels: TrainingKernels,
  options: TrainOptions,
  data: TrainingData,
): Promise<TrainingRun> {
  const json = gpt2ConfigJson(options, data.encoder);
  await writeModelDescription(options.out, json, data);
  return TrainingRun.create(kernels, options, parseGpt2Config(json), data);
}
