import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gpt2ParameterShapes } from '../src/model/gpt2-parameters.ts';
import { parseGpt2Config } from '../src/model/gpt2-config.ts';
import { isStoredTransposed } from '../src/weights/gpt2-tensor-map.ts';
import { numElements } from '../src/weights/safetensors-header.ts';
import { writeSafetensors, type NamedTensor } from '../src/weights/write-safetensors.ts';

/** config.json of openai-community/gpt2, as far as it decides what is computed. */
export const GPT2_SMALL: Readonly<Record<string, unknown>> = {
  architectures: ['GPT2LMHeadModel'],
  model_type: 'gpt2',
  vocab_size: 50_257,
  n_positions: 1024,
  n_embd: 768,
  n_layer: 12,
  n_head: 12,
  activation_function: 'gelu_new',
  layer_norm_epsilon: 1e-5,
  tie_word_embeddings: true,
  bos_token_id: 50_256,
  eos_token_id: 50_256,
};

/** GPT-2's standard deviation; drawn evenly from an interval, since only size matters to a benchmark. */
const WEIGHT_STD = 0.02;
const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json'];

/**
 * Makes a model of random weights in Hugging Face's layout, the same every time. One that is there is left alone:
 * config.json is written last and under its name when it is whole.
 *
 * @param tokenizerFrom a model directory whose tokenizer is taken; its vocabulary may be smaller
 */
export async function makeRandomGpt2(
  directory: string,
  configJson: Readonly<Record<string, unknown>>,
  tokenizerFrom: string,
): Promise<void> {
  const configPath = join(directory, 'config.json');
  if (existsSync(configPath)) return;
  await mkdir(directory, { recursive: true });
  const random = createXorshift32(1);
  const tensors = gpt2ParameterShapes(parseGpt2Config(configJson)).map(({ name, shape }): NamedTensor => {
    const storedShape = isStoredTransposed(name) ? shape.toReversed() : shape;
    return { name: `transformer.${name}`, shape: storedShape, values: randomValues(name, shape, random) };
  });
  await writeSafetensors(join(directory, 'model.safetensors'), tensors);
  for (const name of TOKENIZER_FILES) await copyFile(join(tokenizerFrom, name), join(directory, name));
  await writeFile(`${configPath}.partial`, `${JSON.stringify(configJson, undefined, 2)}\n`);
  await rename(`${configPath}.partial`, configPath);
}

/** LayerNorm gains are 1 and biases 0, as before training. */
function randomValues(name: string, shape: readonly number[], random: () => number): Float32Array {
  const values = new Float32Array(numElements(shape)); // shape, flat
  if (name.endsWith('.bias')) return values;
  if (shape.length === 1) return values.fill(1);
  const halfWidth = WEIGHT_STD * Math.sqrt(3);
  for (let i = 0; i < values.length; i++) values[i] = (2 * random() - 1) * halfWidth;
  return values;
}

/** Marsaglia's xorshift of 32 bits, in [0, 1): 124 million numbers in a second. */
function createXorshift32(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
