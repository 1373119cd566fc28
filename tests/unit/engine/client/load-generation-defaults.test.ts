import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadGenerationDefaults } from '../../../../src/engine/client/load-generation-defaults.ts';
import { tempDirectory } from '../../../support/temp-directory.ts';

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

describe('loadGenerationDefaults', () => {
  it('has those of generation_config.json', async () => {
    expect(await loadGenerationDefaults(directoryWith(JSON.stringify(QWEN)), new Map())).toEqual({
      temperature: 0.7,
      topP: 0.8,
      topK: 20,
      repetitionPenalty: 1.1,
    });
    const more = { min_p: 0.05, max_new_tokens: 256, temperature: null };
    expect(await loadGenerationDefaults(directoryWith(JSON.stringify(more)), new Map())).toEqual({
      minP: 0.05,
      maxTokens: 256,
    });
  });

  it('has none where a model says nothing', async () => {
    expect(await loadGenerationDefaults(tempDirectory(), new Map())).toEqual({});
    expect(await loadGenerationDefaults('/models/a.gguf', new Map())).toEqual({});
  });

  it("has those of a GGUF file by llama.cpp's keys", async () => {
    const metadata = new Map<string, unknown>([
      ['general.sampling.temp', 0.6],
      ['general.sampling.top_k', 20n],
      ['general.sampling.top_p', 0.95],
      ['general.sampling.min_p', 0],
      ['general.sampling.penalty_repeat', 1.05],
      ['general.sampling.sequence', 'top_k;top_p;temperature'],
    ]);
    expect(await loadGenerationDefaults('/models/a.gguf', metadata)).toEqual({
      temperature: 0.6,
      topK: 20,
      topP: 0.95,
      minP: 0,
      repetitionPenalty: 1.05,
    });
  });

  it.each([
    ['{', 'is not JSON'],
    ['[]', 'expected object'],
    ['{"temperature":-1}', 'temperature'],
    ['{"top_p":0}', 'top_p'],
    ['{"top_k":1.5}', 'GENERATION_CONFIG=openai'],
  ])('refuses %s', async (text, message) => {
    await expect(loadGenerationDefaults(directoryWith(text), new Map())).rejects.toMatchObject({
      code: expect.stringMatching(/_invalid$/) as string,
      message: expect.stringContaining(message) as string,
    });
  });
});
