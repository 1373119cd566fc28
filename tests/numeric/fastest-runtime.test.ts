import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requestMs, startFastestRuntime, type Surroundings } from '../../src/runtime/auto/choose-runtime.ts';
import type { KeptChoice } from '../../src/runtime/auto/kept-choice.ts';
import { trialBlocks, USUAL_SHAPE, type TrialShape } from '../../src/runtime/auto/trial.ts';
import { probeRuntime } from '../../src/runtime/probe-runtime.ts';
import { startRuntime } from '../../src/runtime/start-runtime.ts';
import type { RuntimeName } from '../../src/runtime/traits.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';

const SHAPE: TrialShape = {
  vocabSize: 500,
  dim: 64,
  numHeads: 4,
  numKvHeads: 2,
  headDim: 16,
  numLayers: 3,
  mlpDim: 128,
};
const OPTIONS = { numThreads: undefined, weights: 'auto', shape: SHAPE } as const;

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokenflare-auto-'));
  file = join(folder, 'kept', 'runtimes.json');
});
afterEach(() => rm(folder, { recursive: true }));

const kept = async (): Promise<KeptChoice[]> => JSON.parse(await readFile(file, 'utf8')) as KeptChoice[];

/** Real runtimes in real processes; the definition in JavaScript is the one that is slow. */
function among(candidates: RuntimeName[]): { here: Surroundings; probed: RuntimeName[] } {
  const probed: RuntimeName[] = [];
  return {
    probed,
    here: {
      candidates: () => candidates,
      probe: (name, trial) => {
        probed.push(name);
        return probeRuntime(name, trial);
      },
      file,
    },
  };
}

async function take(here: Surroundings, options = {}): Promise<{ name: RuntimeName; reason: string }> {
  const { runtime, reason } = await startFastestRuntime({ ...OPTIONS, ...options }, here);
  await runtime.dispose();
  return { name: runtime.name, reason };
}

describe('RUNTIME=auto', () => {
  it('takes what works here, never a GPU in software, and says why', async () => {
    const { runtime, reason } = await startFastestRuntime({ ...OPTIONS, numThreads: 2 });
    expect(RUNTIME_NAMES_HERE).toContain(runtime.name);
    expect(runtime.device.isSoftware ?? false).toBe(false);
    expect(reason).toMatch(/^(nothing faster runs here, not |the fastest for this shape, measured )/);
    expect(reason.split(' ').length).toBeLessThan(20);
    await runtime.dispose();
  });

  it('times each candidate once, takes the fastest, and keeps the figures', async () => {
    const { here, probed } = among(['cpu', 'wasm']);
    const first = await take(here);
    expect(first.name).toBe('wasm');
    expect(first.reason).toMatch(/measured \d{4}-\d\d-\d\d: wasm \d+ ms, cpu \d+ ms$/);
    expect(probed).toEqual(['cpu', 'wasm']);
    const [choice] = await kept();
    expect(choice).toMatchObject({ name: 'wasm', refused: [] });
    const [fast, slow] = choice?.candidates ?? [];
    expect(slow?.name).toBe('cpu');
    expect(requestMs(slow?.figures ?? expect.fail())).toBeGreaterThan(
      3 * requestMs(fast?.figures ?? expect.fail()),
    );
    expect(await take(here)).toEqual(first);
    expect(probed).toHaveLength(2);
  });

  it('measures again for another shape, other threads, another driver, and where the file is damaged', async () => {
    const { here, probed } = among(['cpu', 'wasm']);
    await take(here);
    await take(here, { shape: { ...SHAPE, dim: 128 } });
    expect(probed).toHaveLength(4);
    await take(here, { weights: 'f32' });
    expect(probed).toHaveLength(6);
    const choices = await kept();
    expect(choices).toHaveLength(3);
    await writeFile(file, JSON.stringify(choices.map((choice) => ({ ...choice, device: 'another' }))));
    await take(here);
    expect(probed).toHaveLength(8);
    await writeFile(file, '[{"key":');
    await take(here);
    expect(probed).toHaveLength(10);
    expect(await kept()).toHaveLength(1);
  });

  it('does not time a single candidate, and starts where nothing can be kept', async () => {
    const alone = among(['wasm']);
    expect(await take(alone.here)).toMatchObject({
      name: 'wasm',
      reason: expect.stringContaining('nothing faster runs here') as string,
    });
    expect(alone.probed).toEqual([]);
    await writeFile(join(folder, 'kept'), 'a file');
    const { here } = among(['cpu', 'wasm']);
    expect(await take(here)).toMatchObject({
      name: 'wasm',
      reason: expect.stringContaining('not kept: ') as string,
    });
  });

  it('takes what is left where a candidate fails its trial', async () => {
    const { here } = among(['tensorflow-gpu', 'wasm']);
    const broken: Surroundings = {
      ...here,
      probe: (name, trial) =>
        name === 'wasm'
          ? probeRuntime(name, trial)
          : Promise.resolve({ name, works: false, reason: 'no GPU' }),
    };
    expect(await take(broken)).toEqual({
      name: 'wasm',
      reason: 'nothing faster runs here, not tensorflow-gpu: see `npx tokenflare doctor`',
    });
  });

  it('passes the native kernels over where they are off', async () => {
    const choice = await startFastestRuntime({ ...OPTIONS, allowsNative: false });
    expect(choice.runtime.name).not.toBe('native');
    await choice.runtime.dispose();
  });

  it('passes over what cannot hold the weights as asked', async () => {
    const { name, reason } = await take(among(['webgpu']).here, { weights: 'int8' });
    expect(name).toBe('wasm');
    expect(reason).toContain('webgpu');
  });

  it.runIf(RUNTIME_NAMES_HERE.includes('webgpu'))(
    'is not asked when a GPU in software is named',
    async () => {
      const runtime = await startRuntime('webgpu', { numThreads: undefined, weights: 'auto' });
      expect(runtime.name).toBe('webgpu');
      await runtime.dispose();
      const { here, probed } = among(['webgpu', 'wasm']);
      const { name, reason } = await take(here);
      if (runtime.device.isSoftware === true) {
        expect(name).toBe('wasm');
        expect(reason).toContain('not webgpu');
      }
      expect(probed).toEqual(['webgpu', 'wasm']);
    },
  );
});

describe('a trial', () => {
  it('has as many blocks as the model, four at most, and fewer of a large one', () => {
    expect(trialBlocks(SHAPE)).toBe(3);
    expect(trialBlocks(USUAL_SHAPE)).toBe(4);
    expect(
      trialBlocks({ ...USUAL_SHAPE, dim: 4096, numHeads: 32, numKvHeads: 8, headDim: 128, mlpDim: 14336 }),
    ).toBe(1);
  });
});

describe.each([
  ['cpu', 'f16'],
  ['cpu', 'bf16'],
  ['cpu', 'int8'],
  ['webgpu', 'int8'],
  ['tensorflow', 'int8'],
  ['tensorflow-gpu', 'int8'],
] as const)('%s', (name, weights) => {
  it(`refuses weights of ${weights}`, async () => {
    await expect(startRuntime(name, { numThreads: undefined, weights })).rejects.toMatchObject({
      code: 'config_invalid',
    });
  });
});
