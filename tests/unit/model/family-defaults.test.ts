import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FAMILIES, familyDefaults, ggufModelNames } from '../../../src/model/family-defaults.ts';
import { samplingValues } from '../../../src/model/sampling-note.ts';

/** `general.name` and `_name_or_path` as published files have them, and the family that each belongs to. */
const PUBLISHED: readonly (readonly [architecture: string, name: string, family: string | undefined])[] = [
  ['llama', 'Smollm2 135M 8k Lc100K Mix1 Ep2', 'SmolLM2'],
  ['llama', 'HuggingFaceTB/SmolLM2-1.7B-Instruct', 'SmolLM2'],
  ['llama', 'TinyLlama/TinyLlama-1.1B-Chat-v1.0', 'TinyLlama Chat'],
  ['llama', 'TinyLlama/TinyLlama-1.1B-intermediate-step-1431k-3T', undefined],
  ['qwen2', 'qwen2.5-0.5b-instruct', 'Qwen 2 and 2.5 Instruct, up to 1.5B'],
  ['qwen2', 'Qwen2.5 Coder 1.5B Instruct', 'Qwen 2 and 2.5 Instruct, up to 1.5B'],
  ['qwen2', 'Qwen/Qwen2-0.5B-Instruct', 'Qwen 2 and 2.5 Instruct, up to 1.5B'],
  ['qwen2', 'Qwen2.5 7B Instruct', 'Qwen 2 and 2.5 Instruct'],
  ['qwen2', 'Qwen/Qwen2.5-0.5B', undefined],
  ['qwen3', 'Qwen3 0.6B', 'Qwen 3'],
  ['qwen3', 'Qwen/Qwen3-0.6B-Base', undefined],
  ['qwen3', 'Qwen3 Embedding 0.6B', undefined],
  ['qwen3', 'Qwen3 4B Instruct 2507', 'Qwen 3 Instruct'],
  ['qwen3', 'Qwen3 4B Thinking 2507', 'Qwen 3'],
  ['llama', 'Llama 3.2 1B Instruct', 'Llama 3 Instruct'],
  ['llama', 'Meta-Llama-3-8B-Instruct', 'Llama 3 Instruct'],
  ['llama', 'Models Meta Llama Meta Llama 3.1 8B Instruct', 'Llama 3 Instruct'],
  ['llama', 'meta-llama/Llama-3.2-1B', undefined],
  ['llama', 'meta-llama/Llama-2-7b-chat-hf', 'Llama 2 Chat'],
  ['gemma3', 'Gemma 3 1b It', 'Gemma 3 Instruct'],
  ['gemma3', 'google/gemma-3-270m-it', 'Gemma 3 Instruct'],
  ['gemma3', 'google/gemma-3-1b-pt', undefined],
  ['llama', 'mistralai_Mistral-7B-Instruct-v0.3', 'Mistral 7B Instruct'],
  ['llama', 'Mistral Nemo Instruct 2407', 'Mistral Nemo Instruct'],
  ['llama', 'DeepSeek R1 Distill Llama 8B', 'DeepSeek R1 Distill'],
  ['qwen2', 'deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B', 'DeepSeek R1 Distill'],
  ['qwen3', 'Deepseek R1 0528 Qwen3 8B', 'DeepSeek R1 Distill'],
  ['gpt2', 'my qwen3-0.6b-instruct', undefined],
  ['llama', 'tales', undefined],
  ['llama', `smollm2${' '.repeat(1000)}`, undefined],
];

describe('familyDefaults', () => {
  it.each(PUBLISHED)('%s, %s: %s', (architecture, name, family) => {
    expect(familyDefaults(architecture, [name])?.family).toBe(family);
  });

  it('knows a model by what it was made of', () => {
    const names = ggufModelNames(
      new Map<string, unknown>([
        ['general.base_model.1.name', 'Qwen2.5 7B Instruct'],
        ['general.base_model.0.name', 'SmolLM2 135M Instruct'],
        ['general.basename', 7n],
        ['general.name', 'Pirate'],
      ]),
    );
    expect(names).toEqual(['Pirate', 'SmolLM2 135M Instruct', 'Qwen2.5 7B Instruct']);
    expect(familyDefaults('llama', names)?.defaults).toEqual({ temperature: 0.2, topP: 0.9 });
    expect(familyDefaults('qwen2', names)?.family).toBe('Qwen 2 and 2.5 Instruct');
  });
});

describe('docs/models.md', () => {
  const document = readFileSync(new URL('../../../docs/models.md', import.meta.url), 'utf8').replaceAll(
    / +/g,
    ' ',
  );

  it.each(FAMILIES)('has the row of $family', ({ family, defaults, document: source }) => {
    expect(document).toContain(`| ${family} | ${samplingValues(defaults)} | ${source} |`);
  });
});
