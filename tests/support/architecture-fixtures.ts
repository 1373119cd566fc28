import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { planByConfigJson } from '../../src/model/architectures/registry.ts';
import type { ModelConfig } from '../../src/model/model-config.ts';
import { SafetensorsReader } from '../../src/weights/safetensors-reader.ts';
import { fixturePath, readJsonFixture } from './fixtures.ts';

/** A prompt that transformers computed, and what of it is kept: scripts/goldens/architectures.py. */
export interface GoldenPrompt {
  tokenIds: number[];
  /** The tokens whose logits are kept, ascending; the last one is always among them. */
  rows: number[];
  /** Greedy tokens after it, each ahead of the next best by 0.02 or more; empty where none are kept. */
  continuation: number[];
  /** [rows][vocab] */
  logits: Float32Array[];
}

/** The configuration that a folder's config.json describes. */
export function configIn(directory: string): ModelConfig {
  return planByConfigJson(JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8'))).config;
}

const ARCHITECTURES = ['llama', 'qwen2', 'qwen3', 'gemma3'];

/** Folders of tiny models, as in `tiny-llama/gqa`. */
export const TINY_MODELS: readonly string[] = ARCHITECTURES.flatMap((name) =>
  readdirSync(fixturePath(`tiny-${name}`)).map((variant) => `tiny-${name}/${variant}`),
);

/** Their files by llama.cpp's converter, beside the goldens that hold for each. */
export const TINY_GGUF_FILES: readonly { file: string; model: string; expected: string }[] =
  TINY_MODELS.flatMap((model) => [
    { file: `${model}/model-f32.gguf`, model, expected: 'expected.safetensors' },
    { file: `${model}/model-q8_0.gguf`, model, expected: 'expected-q8_0.safetensors' },
  ]).filter(({ file }) => existsSync(fixturePath(file)));

/** The goldens of a tiny model; of its Q8_0 weights, which have no continuations, by `expected-q8_0.safetensors`. */
export async function readGoldens(model: string, expected = 'expected.safetensors'): Promise<GoldenPrompt[]> {
  const prompts = readJsonFixture(model, 'prompts.json') as Omit<GoldenPrompt, 'logits'>[];
  const tensors = await SafetensorsReader.open(fixturePath(model, expected));
  const goldens: GoldenPrompt[] = [];
  for (const [index, prompt] of prompts.entries()) {
    const flat = await tensors.read(`logits.${index}`); // [rows, vocab]
    const vocabSize = flat.length / prompt.rows.length;
    const logits = prompt.rows.map((_, row) => flat.subarray(row * vocabSize, (row + 1) * vocabSize));
    goldens.push({ ...prompt, logits });
  }
  await tensors.close();
  return goldens;
}
