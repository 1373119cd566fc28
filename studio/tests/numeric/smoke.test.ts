import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../training/checkpoint.ts';
import { splitBook } from '../../training/corpus.ts';
import { TrainingKernels } from '../../training/kernels.ts';
import type { TrainOptions } from '../../training/train-options.ts';
import { prepareData } from '../../training/training-data.ts';
import { train } from '../../training/train.ts';
import type { TrainingRun } from '../../training/training-run.ts';
import { smallDocuments, smallOptions, smallText, startSmallRun } from '../support/small-training.ts';

const NUM_STEPS = 30;

describe('a small training run', () => {
  let directory: string;

  const options = (out: string, more: Record<string, string> = {}, resume = false): TrainOptions =>
    smallOptions({ corpus: ['fables.txt'], directory, out, resume }, { steps: String(NUM_STEPS), ...more });

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'training-'));
    await writeFile(join(directory, 'fables.txt'), smallText());
  });

  afterAll(() => rm(directory, { recursive: true }));

  it('learns, goes on from a checkpoint to the same bits, and keeps its tensors flat', async () => {
    const data = prepareData([splitBook('Fables', smallText(), 0.05)], 320);
    const kernels = await TrainingKernels.start(2);
    const startRun = (runOptions: TrainOptions): Promise<TrainingRun> =>
      startSmallRun(kernels, runOptions, data);

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
      message: expect.stringContaining('--learning-rate 0.003 (not 0.001)') as string,
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
      expect(smallText()).toContain(words);
    }
    const plot = await readFile(join(directory, 'whole', 'loss.svg'), 'utf8');
    expect(plot).toMatch(/^<svg /);
    expect(plot).toContain('held out');
  });

  it('shows of documents what is said of them, and answers to questions', async () => {
    await writeFile(join(directory, 'documents.jsonl'), smallDocuments());
    const manifest = { description: 'Written by a test.', counts: { candidates: 1234 } };
    await writeFile(join(directory, 'manifest.json'), JSON.stringify(manifest));
    const target = { corpus: ['documents.jsonl', 'fables.txt', 'documents.jsonl'], directory, out: 'chat' };
    await train(smallOptions(target, { 'held-out': '0.2' }), new AbortController().signal);
    const card = await readFile(join(directory, 'chat', 'README.md'), 'utf8');
    expect(card).toContain(
      '- Documents: 30 texts and 30 conversations, read 2 times in each pass. Written by a test. ' +
        'Counts of its maker: candidates 1,234.\n- Fables\n',
    );
    expect(card).toContain('It answers a user as the conversations of its corpus do');
    expect(card).toMatch(/\nWhat did [a-z ]+ do\?\n\n> /);
  });
});
