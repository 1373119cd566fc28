import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { GPT2_SMALL, makeRandomGpt2 } from '../../scripts/random-gpt2.ts';
import { gpt2ParameterShapes } from '../../src/model/gpt2-parameters.ts';
import { parseGpt2Config } from '../../src/model/gpt2-config.ts';
import { mapGpt2Tensors } from '../../src/weights/gpt2-tensor-map.ts';
import { numElements } from '../../src/weights/safetensors-header.ts';
import { SafetensorsReader } from '../../src/weights/safetensors-reader.ts';
import { tempDirectory } from '../support/temp-directory.ts';

const EMBEDDED = fileURLToPath(new URL('../../model-weights', import.meta.url));
const small = { ...GPT2_SMALL, vocab_size: 3100, n_positions: 32, n_embd: 48, n_layer: 2, n_head: 4 };
const tiny = { ...small, bos_token_id: 0, eos_token_id: 0 };

it('GPT-2 small has the size that OpenAI gave it', () => {
  const shapes = gpt2ParameterShapes(parseGpt2Config(GPT2_SMALL));
  expect(shapes.reduce((sum, { shape }) => sum + numElements(shape), 0)).toBe(124_439_808);
});

it('a random model is whole, by its own config, and spread as GPT-2 starts', async () => {
  const directory = tempDirectory();
  await makeRandomGpt2(directory, tiny, EMBEDDED);
  const config = parseGpt2Config(JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8')));
  const reader = await SafetensorsReader.open(join(directory, 'model.safetensors'));
  try {
    expect(() => mapGpt2Tensors(reader.entries, gpt2ParameterShapes(config))).not.toThrow();
    const embedding = await reader.read('transformer.wte.weight'); // [vocab, dim]
    const mean = embedding.reduce((sum, value) => sum + value, 0) / embedding.length;
    const square = embedding.reduce((sum, value) => sum + value * value, 0) / embedding.length;
    expect(mean).toBeCloseTo(0, 3);
    expect(Math.sqrt(square)).toBeCloseTo(0.02, 3);
    expect(new Set(await reader.read('transformer.ln_f.weight'))).toEqual(new Set([1]));
    expect(new Set(await reader.read('transformer.ln_f.bias'))).toEqual(new Set([0]));
  } finally {
    await reader.close();
  }
  expect(existsSync(join(directory, 'tokenizer.json'))).toBe(true);
});

it('is the same every time, and made once', async () => {
  const weightsOf = (directory: string): Buffer => readFileSync(join(directory, 'model.safetensors'));
  const [first, second] = [tempDirectory(), tempDirectory()];
  await makeRandomGpt2(first, tiny, EMBEDDED);
  await makeRandomGpt2(second, tiny, EMBEDDED);
  expect(weightsOf(first).equals(weightsOf(second))).toBe(true);

  writeFileSync(join(first, 'model.safetensors'), 'kept');
  await makeRandomGpt2(first, tiny, EMBEDDED);
  expect(weightsOf(first).toString()).toBe('kept');
  // Without its config.json it was never finished.
  rmSync(join(first, 'config.json'));
  await makeRandomGpt2(first, tiny, EMBEDDED);
  expect(weightsOf(first).equals(weightsOf(second))).toBe(true);
});
