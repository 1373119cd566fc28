import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadModel } from '../../../src/model/load-model.ts';
import type { Parameter } from '../../../src/runtime/ops.ts';
import type { Runtime } from '../../../src/runtime/runtime.ts';
import { SafetensorsReader } from '../../../src/weights/safetensors-reader.ts';
import { writeSafetensors, type NamedTensor } from '../../../src/weights/write-safetensors.ts';
import { fixturePath } from '../../support/fixtures.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

/** A runtime that only takes parameters and remembers them. */
function recordingRuntime(): { runtime: Runtime; parameters: (Parameter & { values: Float32Array })[] } {
  const parameters: (Parameter & { values: Float32Array })[] = [];
  const notNeeded = () => {
    throw new Error('loading a model needs no such call');
  };
  return {
    parameters,
    runtime: {
      name: 'cpu',
      description: 'recorder',
      device: { name: 'none' },
      numThreads: 1,
      createParameter: (name, shape, values) => {
        const parameter = { name, shape, values };
        parameters.push(parameter);
        return parameter;
      },
      createKvCache: notNeeded,
      runStep: notNeeded,
      numComputedRows: notNeeded,
      copyPage: notNeeded,
      memory: notNeeded,
      dispose: () => Promise.resolve(),
    },
  };
}

function copyOfTinyGpt2(): string {
  const folder = tempDirectory();
  cpSync(fixturePath('tiny-gpt2'), folder, { recursive: true });
  return folder;
}

/** The same model, its tensors dealt out to three shards by turns. */
async function shardedTinyGpt2(): Promise<string> {
  const folder = copyOfTinyGpt2();
  const reader = await SafetensorsReader.open(join(folder, 'model.safetensors'));
  const shards: NamedTensor[][] = [[], [], []];
  const weightMap: Record<string, string> = {};
  for (const [index, { name, shape }] of [...reader.entries.values()].entries()) {
    shards[index % 3]?.push({ name, shape, values: await reader.read(name) });
    weightMap[name] = `shard-${index % 3}.safetensors`;
  }
  await reader.close();
  rmSync(join(folder, 'model.safetensors'));
  for (const [index, tensors] of shards.entries())
    await writeSafetensors(join(folder, `shard-${index}.safetensors`), tensors);
  writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: weightMap }));
  return folder;
}

/** A model whose config.json ties its head, with a head stored all the same. */
async function tiedWithHead(change: number): Promise<string> {
  const folder = tempDirectory();
  cpSync(fixturePath('tiny-llama', 'tied-llama3-rope'), folder, { recursive: true });
  const reader = await SafetensorsReader.open(join(folder, 'model.safetensors'));
  const tensors: NamedTensor[] = [];
  for (const { name, shape } of reader.entries.values())
    tensors.push({ name, shape, values: await reader.read(name) });
  await reader.close();
  const embedding = tensors.find(({ name }) => name.endsWith('embed_tokens.weight'));
  const values = (embedding?.values ?? new Float32Array()).map((value) => value + change);
  tensors.push({ name: 'lm_head.weight', shape: embedding?.shape ?? [], values });
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
  return folder;
}

describe('loadModel', () => {
  // As transformers 5 has it, which warns and does not tie them.
  it.each([
    ['is its embedding', 0, true],
    ['is another', 0.5, false],
  ])('ties the head that a file stores where it %s', async (_, change, tiedHead) => {
    const { runtime, parameters } = recordingRuntime();
    const { config } = await loadModel(await tiedWithHead(change), runtime);
    expect(config.tiedHead).toBe(tiedHead);
    const find = (name: string) => parameters.find((parameter) => parameter.name === name)?.values;
    const head = find('lm_head.weight');
    expect(head).toEqual(tiedHead ? undefined : find('embed_tokens.weight')?.map((value) => value + change));
  });

  it('hands every parameter over once, and counts numbers and bytes', async () => {
    const { runtime, parameters } = recordingRuntime();
    const { config, numParameters, weightBytes } = await loadModel(fixturePath('tiny-gpt2'), runtime);
    const names = parameters.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(config).toMatchObject({ dim: 32, numHeads: 4, headDim: 8, numLayers: 2, contextLength: 128 });
    const inBlock = 4 * 32 + (32 * 96 + 96) + (32 * 32 + 32) + (32 * 128 + 128) + (128 * 32 + 32);
    expect(numParameters).toBe(384 * 32 + 128 * 32 + 2 * inBlock + 2 * 32);
    expect(weightBytes).toBe(4 * numParameters);
    for (const { shape, values } of parameters) {
      expect(values.length).toBe(shape.reduce((product, size) => product * size, 1));
      expect(values.byteLength, 'an array of its own').toBe(values.buffer.byteLength);
    }
  });

  it('counts stored bytes, half as many in half precision', async () => {
    const { runtime } = recordingRuntime();
    const { numParameters, weightBytes } = await loadModel(
      fixturePath('gpt2-variants/untied-f16-head-dim-7'),
      runtime,
    );
    expect(weightBytes).toBe(2 * numParameters);
  });

  it('hands over the same parameters from shards', async () => {
    const whole = recordingRuntime();
    await loadModel(fixturePath('tiny-gpt2'), whole.runtime);
    const sharded = recordingRuntime();
    const { numParameters, weightBytes } = await loadModel(await shardedTinyGpt2(), sharded.runtime);
    expect(sharded.parameters).toEqual(whole.parameters);
    expect(weightBytes).toBe(4 * numParameters);
  });

  it('says which file is missing', async () => {
    const { runtime } = recordingRuntime();
    const folder = copyOfTinyGpt2();
    rmSync(join(folder, 'model.safetensors'));
    await expect(loadModel(folder, runtime)).rejects.toMatchObject({
      code: 'weights_invalid',
      message: expect.stringContaining(join(folder, 'model.safetensors')) as unknown,
    });
    rmSync(join(folder, 'config.json'));
    await expect(loadModel(folder, runtime)).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining(join(folder, 'config.json')) as unknown,
    });
  });

  it('refuses a cut weight file and a config that is not JSON', async () => {
    const { runtime } = recordingRuntime();
    const folder = copyOfTinyGpt2();
    const path = join(folder, 'model.safetensors');
    writeFileSync(path, readFileSync(path).subarray(0, 100_000));
    await expect(loadModel(folder, runtime)).rejects.toThrow(
      /lie outside the \d+ bytes of data; is the file cut\?/,
    );
    writeFileSync(join(folder, 'config.json'), '{');
    await expect(loadModel(folder, runtime)).rejects.toMatchObject({ code: 'config_invalid' });
  });

  it('names tensors that do not fit the config', async () => {
    const { runtime } = recordingRuntime();
    const folder = copyOfTinyGpt2();
    const path = join(folder, 'config.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"n_positions": 128', '"n_positions": 64'));
    await expect(loadModel(folder, runtime)).rejects.toMatchObject({
      code: 'weights_invalid',
      message:
        'tensors do not fit config.json: ' +
        '"transformer.wpe.weight" has shape [128, 32], but config.json makes it [64, 32]',
    });
  });
});
