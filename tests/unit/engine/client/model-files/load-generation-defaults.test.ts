import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  loadGenerationDefaults,
  readDefaultsSetting,
  type DescribedModel,
} from '../../../../../src/engine/client/model-files/read-model-files.ts';
import type { KnownDefaults } from '../../../../../src/model/sampling-note.ts';
import { tempDirectory } from '../../../../support/temp-directory.ts';

function directoryWith(text: string): string {
  const directory = tempDirectory();
  writeFileSync(join(directory, 'generation_config.json'), text);
  return directory;
}

/** Qwen 2.5's, as published. */
const QWEN = {
  bos_token_id: 151643,
  do_sample: true,
  eos_token_id: [151645, 151643],
  pad_token_id: 151643,
  repetition_penalty: 1.1,
  temperature: 0.7,
  top_k: 20,
  top_p: 0.8,
  transformers_version: '4.37.0',
};

const NONE = { from: 'none' };
const OWN = { from: 'model' };

/** Those of a model that its files say to be a Llama that was trained to answer. */
const load = (modelPath: string, more: Partial<DescribedModel> = {}): Promise<KnownDefaults> =>
  loadGenerationDefaults({
    modelPath,
    architecture: 'llama',
    hasOwnTemplate: true,
    generalMetadata: new Map(),
    ...more,
  });

describe('loadGenerationDefaults', () => {
  it('has those of generation_config.json', async () => {
    expect(await load(directoryWith(JSON.stringify(QWEN)))).toEqual({
      generationDefaults: { temperature: 0.7, topP: 0.8, topK: 20, repetitionPenalty: 1.1 },
      generationSource: OWN,
    });
    const more = { min_p: 0.05, max_new_tokens: 256, temperature: null };
    expect(await load(directoryWith(JSON.stringify(more)))).toEqual({
      generationDefaults: { minP: 0.05, maxTokens: 256 },
      generationSource: OWN,
    });
  });

  it('has none where a model says nothing', async () => {
    const none = { generationDefaults: {}, generationSource: NONE };
    expect(await load(tempDirectory())).toEqual(none);
    expect(await load('/models/a.gguf')).toEqual(none);
    expect(await load(directoryWith('{"max_new_tokens":9}'))).toEqual({
      generationDefaults: { maxTokens: 9 },
      generationSource: NONE,
    });
  });

  it("has those of a GGUF file by llama.cpp's keys", async () => {
    const generalMetadata = new Map<string, unknown>([
      ['general.name', 'Smollm2 135M'],
      ['general.sampling.temp', 0.6],
      ['general.sampling.top_k', 20n],
      ['general.sampling.top_p', 0.95],
      ['general.sampling.min_p', 0],
      ['general.sampling.penalty_repeat', 1.05],
      ['general.sampling.sequence', 'top_k;top_p;temperature'],
    ]);
    expect(await load('/models/a.gguf', { generalMetadata })).toEqual({
      generationDefaults: { temperature: 0.6, topK: 20, topP: 0.95, minP: 0, repetitionPenalty: 1.05 },
      generationSource: OWN,
    });
  });

  it("has its family's where its files say nothing of sampling, with their length of an answer", async () => {
    const smollm2 = new Map([['general.name', 'Smollm2 135M 8k Lc100K Mix1 Ep2']]);
    const ofGguf = await load('/models/a.gguf', { generalMetadata: smollm2 });
    expect(ofGguf.generationDefaults).toEqual({ temperature: 0.2, topP: 0.9 });
    expect(ofGguf.generationSource).toMatchObject({ from: 'family', family: 'SmolLM2' });
    const folder = directoryWith('{"max_new_tokens":9,"eos_token_id":2}');
    writeFileSync(join(folder, 'config.json'), '{"_name_or_path":"HuggingFaceTB/SmolLM2-135M-Instruct"}');
    expect((await load(folder)).generationDefaults).toEqual({ temperature: 0.2, topP: 0.9, maxTokens: 9 });
  });

  it("is the folder's name where config.json has none, as in a model that was pulled", async () => {
    const folder = join(tempDirectory(), 'Qwen%2FQwen3-0.6B');
    mkdirSync(folder);
    const { generationDefaults } = await load(folder, { architecture: 'qwen3' });
    expect(generationDefaults).toEqual({ temperature: 0.6, topP: 0.95, topK: 20 });
  });

  it('mixes no values of the files with those of the family', async () => {
    const generalMetadata = new Map<string, unknown>([
      ['general.name', 'Smollm2'],
      ['general.sampling.temp', 0.8],
    ]);
    expect((await load('/models/a.gguf', { generalMetadata })).generationDefaults).toEqual({
      temperature: 0.8,
    });
  });

  it('leaves a model alone that was not trained to answer', async () => {
    const generalMetadata = new Map([['general.name', 'Smollm2 135M']]);
    const base = await load('/models/a.gguf', { generalMetadata, hasOwnTemplate: false });
    expect(base.generationSource).toEqual(NONE);
  });

  it.each([
    ['{', 'is not JSON'],
    ['[]', 'expected object'],
    ['{"temperature":-1}', 'temperature'],
    ['{"top_p":0}', 'top_p'],
    ['{"top_k":1.5}', 'GENERATION_CONFIG=openai'],
  ])('refuses %s', async (text, message) => {
    await expect(load(directoryWith(text))).rejects.toMatchObject({
      code: expect.stringMatching(/_invalid$/) as string,
      message: expect.stringContaining(message) as string,
    });
  });
});

describe('GENERATION_CONFIG', () => {
  it("is each model's own, OpenAI's, or that of a file", async () => {
    expect(await readDefaultsSetting('model')).toBeUndefined();
    expect(await readDefaultsSetting('openai')).toEqual({
      generationDefaults: {},
      generationSource: { from: 'openai' },
    });
    const file = join(directoryWith(JSON.stringify(QWEN)), 'generation_config.json');
    expect(await readDefaultsSetting({ file })).toEqual({
      generationDefaults: { temperature: 0.7, topP: 0.8, topK: 20, repetitionPenalty: 1.1 },
      generationSource: { from: 'setting' },
    });
  });

  it.each([
    ['{', 'cannot be read'],
    ['{"temperature":-1}', 'temperature'],
    ['{"temprature":1}', 'none of temperature, top_p'],
    ['{"max_new_tokens":1}', 'none of temperature, top_p'],
  ])('refuses a file with %s', async (text, message) => {
    const file = join(directoryWith(text), 'generation_config.json');
    await expect(readDefaultsSetting({ file })).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining(message) as string,
    });
    await expect(readDefaultsSetting({ file })).rejects.toThrow(`GENERATION_CONFIG is '${file}'`);
  });

  it('refuses a file that there is not', async () => {
    await expect(readDefaultsSetting({ file: '/none.json' })).rejects.toThrow('ENOENT');
  });
});
