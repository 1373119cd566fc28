import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseGpt2Config } from '../../src/model/gpt2-config.ts';
import { readCheckpoint } from '../../src/training/checkpoint.ts';
import { splitBook } from '../../src/training/corpus.ts';
import { TrainingKernels } from '../../src/training/kernels.ts';
import { gpt2ConfigJson, writeModelDescription } from '../../src/training/model-directory.ts';
import { readTrainOptions, type TrainOptions } from '../../src/training/train-options.ts';
import { prepareData, train } from '../../src/training/train.ts';
import { TrainingRun } from '../../src/training/training-run.ts';

const NUM_STEPS = 30;

/** A few kilobytes with something to learn: short sentences from small sets of words. */
function text(): string {
  const who = ['The fox', 'A small mouse', 'The old king', 'Her brother', 'The owl'];
  const did = ['went to', 'looked at', 'was afraid of', 'sang about', 'slept under'];
  const what = ['the river', 'a tall tree', 'the garden wall', 'the moon', 'an empty house'];
  return Array.from({ length: 300 }, (_, i) => {
    const pick = (words: readonly string[], by: number): string => words[(i * by + (i >> 3)) % 5] ?? '';
    return `${pick(who, 1)} ${pick(did, 2)} ${pick(what, 3)}.${i % 6 === 5 ? '\n\n' : ' '}`;
  }).join('');
}

describe('a small training run', () => {
  let directory: string;

  const options = (out: string, more: Record<string, string> = {}, resume = false): TrainOptions => {
    const sizes = { 'vocab-size': '320', context: '32', dim: '32', layers: '2', heads: '2' };
    const schedule = { steps: String(NUM_STEPS), batch: '4', 'learning-rate': '3e-3', warmup: '5' };
    const flags = { ...sizes, ...schedule, dtype: 'f32', 'evaluate-every': '10', threads: '2', ...more };
    const target = { corpus: [join(directory, 'fables.txt')], out: join(directory, out), resume };
    return readTrainOptions(target, flags, 2);
  };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'training-'));
    await writeFile(join(directory, 'fables.txt'), text());
  });

  afterAll(() => rm(directory, { recursive: true }));

  it('learns, goes on from a checkpoint to the same bits, and keeps its tensors flat', async () => {
    const data = prepareData([splitBook('Fables', text(), 0.05)], 320);
    const kernels = await TrainingKernels.start(2);
    const startRun = async (runOptions: TrainOptions): Promise<TrainingRun> => {
      const json = gpt2ConfigJson(runOptions, data.encoder);
      await writeModelDescription(runOptions.out, json, data.encoder);
      return TrainingRun.create(kernels, runOptions, parseGpt2Config(json), data);
    };

    const whole = await startRun(options('whole'));
    const losses: number[] = [];
    const numTensors = new Set<number>();
    await whole.train(new AbortController().signal, ({ loss }) => {
      losses.push(loss);
      numTensors.add(tf.memory().numTensors);
    });
    whole.dispose();
    expect(losses).toHaveLength(NUM_STEPS);
    expect(losses[0]).toBeGreaterThan(5); // about ln 320
    expect(losses.at(-1)).toBeLessThan(4.2);
    expect(numTensors.size).toBe(1);

    // Stopped between two evaluations, so that running means have to survive too.
    const stop = new AbortController();
    const first = await startRun(options('resumed', { 'checkpoint-every': '1000' }));
    await first.train(stop.signal, ({ step }) => step === 13 && stop.abort());
    expect(first.state.step).toBe(13);
    first.dispose();
    const second = await startRun(options('resumed', {}, true));
    await second.train(new AbortController().signal, () => undefined);
    second.dispose();
    expect(tf.memory().numTensors).toBe(0);
    await kernels.dispose();

    const [expected, resumed] = await Promise.all(
      ['whole', 'resumed'].map((out) => readCheckpoint(join(directory, out, 'checkpoint.safetensors'))),
    );
    expect(resumed?.tensors).toEqual(expected?.tensors);
    expect(resumed?.state.history).toEqual(expected?.state.history);
    const files = await Promise.all(
      ['whole', 'resumed'].map((out) => readFile(join(directory, out, 'model.safetensors'))),
    );
    expect(files[1]?.equals(files[0] ?? Buffer.alloc(0))).toBe(true);
  });

  it('refuses to resume with other options', async () => {
    const other = options('whole', { 'learning-rate': '1e-3' }, true);
    await expect(train(other, new AbortController().signal)).rejects.toMatchObject({
      code: 'config_invalid',
    });
  });

  it('ends with a directory that is complete: card, plot, tokenizer, weights', async () => {
    await train(options('whole', { 'corpus-note': 'Made up' }, true), new AbortController().signal);
    const card = await readFile(join(directory, 'whole', 'README.md'), 'utf8');
    const { state } = await readCheckpoint(join(directory, 'whole', 'checkpoint.safetensors'));
    expect(card).toContain('Made up:\n\n- Fables');
    expect(card).toContain(`| windows of 32 tokens side by side | ${state.bestBitsPerByte?.toFixed(4)} |`);
    expect(card).not.toContain(directory);
    expect(card).toMatch(/^# A small GPT-2 of “Fables”$/m);
    // The samples begin as sentences of the held-out text do.
    const samples = card.slice(card.indexOf('## Samples')).split('\n\n---\n\n');
    expect(samples.length).toBeGreaterThan(1);
    for (const sample of samples) {
      const [, words = 'no sample'] = /^> (\S+ \S+ \S+)/m.exec(sample) ?? [];
      expect(text()).toContain(words);
    }
    const plot = await readFile(join(directory, 'whole', 'loss.svg'), 'utf8');
    expect(plot).toMatch(/^<svg /);
    expect(plot).toContain('held out');
  });
});
