import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../training/checkpoint.ts';
import { splitBook } from '../../training/corpus.ts';
import { TrainingKernels } from '../../training/kernels.ts';
import { prepareData, type TrainingData } from '../../training/training-data.ts';
import { smallOptions, smallText, startSmallRun } from '../support/small-training.ts';

/** Steps, and how many of them decay. */
type Length = readonly [number, number];

const WHOLE: Length = [16, 4];

/** What is run one after the other, and the step after which it stops. */
const CASES: readonly { name: string; runs: readonly { length: Length; stopAfter?: number }[] }[] = [
  { name: 'with no end in sight at first', runs: [{ length: [6, 0] }, { length: WHOLE }] },
  { name: 'put off after the rate has fallen', runs: [{ length: [10, 3] }, { length: WHOLE }] },
  { name: 'put off twice', runs: [{ length: [5, 0] }, { length: [10, 3] }, { length: WHOLE }] },
  { name: 'stopped while the rate falls', runs: [{ length: WHOLE, stopAfter: 14 }, { length: WHOLE }] },
  { name: 'longer from where the rate falls', runs: [{ length: [12, 0] }, { length: WHOLE }] },
];

describe('a run of a schedule whose length changes', () => {
  let directory: string;
  let kernels: TrainingKernels;
  let data: TrainingData;

  /** Trains to the end, or stops after a step, in the directory `out`. */
  async function trainIn(
    out: string,
    [steps, decaySteps]: Length,
    { resume = false, stopAfter }: { resume?: boolean; stopAfter?: number } = {},
  ): Promise<void> {
    const schedule = {
      schedule: 'wsd',
      steps: String(steps),
      'decay-steps': String(decaySteps),
      warmup: '3',
    };
    const options = smallOptions({ corpus: ['fables.txt'], directory, out, resume }, schedule);
    const run = await startSmallRun(kernels, options, data);
    const stop = new AbortController();
    await run.train(stop.signal, ({ step }) => step === stopAfter && stop.abort());
    run.dispose();
  }

  const checkpointOf = (out: string) => readCheckpoint(join(directory, out, 'checkpoint.safetensors'));

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'resume-'));
    await writeFile(join(directory, 'fables.txt'), smallText());
    data = prepareData([splitBook('Fables', smallText(), 0.05)], 320);
    kernels = await TrainingKernels.start(2);
    await trainIn('whole', WHOLE);
  });

  afterAll(async () => {
    await kernels.dispose();
    await rm(directory, { recursive: true });
  });

  it.each(CASES)('ends with the bits of one that had it from its start: $name', async ({ name, runs }) => {
    for (const [index, { length, stopAfter }] of runs.entries()) {
      await trainIn(name, length, { resume: index > 0, ...(stopAfter === undefined ? {} : { stopAfter }) });
    }
    const [whole, resumed] = await Promise.all([checkpointOf('whole'), checkpointOf(name)]);
    expect(resumed.state.step).toBe(16);
    expect(resumed.tensors).toEqual(whole.tensors);
  });

  it('is refused where steps that are done would have had another rate', async () => {
    await trainIn('refused', WHOLE);
    await expect(trainIn('refused', [16, 8], { resume: true })).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining('has done 16 steps') as string,
    });
  });
});
