import { inspect } from 'node:util';
import { planByConfigJson } from '../../src/model/architectures/registry.ts';
import type { DecoderConfig } from '../../src/model/decoder-config.ts';
import { readJsonFixture } from './fixtures.ts';

/** A published config.json and what transformers makes of it: scripts/goldens/published_configs.py. */
export interface Published {
  config: Record<string, unknown>;
  num_parameters: number;
  head_dim: number;
  num_kv_heads: number;
  max_position_embeddings: number;
  windows: (number | null)[];
  attention_scale: number;
  tied: boolean;
  qkv_bias: boolean;
  frequencies: number[][];
}

export const PUBLISHED = readJsonFixture('published-configs.json') as Record<string, Published>;

export function publishedConfig(name: string): Record<string, unknown> {
  const { config } = PUBLISHED[name] ?? {};
  if (config === undefined) throw new Error(`no published config of ${name}`);
  return config;
}

export const configOf = (json: unknown) => planByConfigJson(json).config as DecoderConfig;

export const LLAMA = publishedConfig('Llama-3.2-1B');
export const QWEN2 = publishedConfig('Qwen2.5-0.5B-Instruct');
export const QWEN3 = publishedConfig('Qwen3-0.6B');
export const GEMMA = publishedConfig('gemma-3-1b-it');
export const GEMMA_4B = publishedConfig('gemma-3-4b-it');

export type Case<T> = [base: Record<string, unknown>, changes: Record<string, unknown>, expected: T];

/** The changes lead, which name the test. */
export function byChanges<T>(cases: readonly Case<T>[]) {
  return cases.map(
    ([base, changes, expected]) =>
      [inspect(changes, { breakLength: Infinity }), base, changes, expected] as const,
  );
}
