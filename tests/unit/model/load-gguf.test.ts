import { describe, expect, it } from 'vitest';
import { planByGguf } from '../../../src/model/architectures/registry.ts';
import { loadModel } from '../../../src/model/load-model.ts';
import { GgufReader } from '../../../src/weights/gguf/gguf-reader.ts';
import { openGguf } from '../../../src/weights/gguf/open-gguf.ts';
import { fixturePath } from '../../support/fixtures.ts';

type Values = Map<string, { shape: readonly number[]; values: Float32Array }>;

/** What a loader hands to a runtime. */
async function parametersOf(path: string): Promise<Values> {
  const parameters: Values = new Map();
  await loadModel(path, {
    createParameter: (name, shape, values) => {
      parameters.set(name, { shape, values });
      return { name, shape };
    },
  });
  return parameters;
}

/** The bytes that a runtime holds as the file has them, by tensor. */
async function storedBytesOf(path: string): Promise<Map<string, Uint8Array>> {
  const source = await openGguf(path);
  const bytes = new Map<string, Uint8Array>();
  for (const { name, byteStart, byteEnd } of source.entries.values()) {
    const target = new Uint8Array(byteEnd - byteStart);
    await source.readStored?.(name, target, 0);
    bytes.set(name, target);
  }
  await source.close();
  return bytes;
}

const Q8 = fixturePath('gguf', 'tiny-gpt2-q8_0.gguf');
const { metadata, entries } = await (async () => {
  const reader = await GgufReader.open(Q8);
  await reader.close();
  return reader;
})();

describe('loadModel of a GGUF file', () => {
  it('hands over the parameters of the safetensors it was made from, bit for bit in F32', async () => {
    const expected = await parametersOf(fixturePath('tiny-gpt2'));
    expect(await parametersOf(fixturePath('gguf', 'tiny-gpt2-f32.gguf'))).toEqual(expected);
  });

  it.each(['empty-first-00001-of-00003', 'tensors-first-00001-of-00002'])(
    'hands over the parameters of the uncut file for its parts, %s and the rest',
    async (first) => {
      const parts = fixturePath('gguf', 'parts', `${first}.gguf`);
      expect(await parametersOf(parts)).toEqual(await parametersOf(Q8));
      expect(await storedBytesOf(parts)).toEqual(await storedBytesOf(Q8));
    },
  );

  it.each([
    ['f16', 2e-3],
    ['q8_0', 2e-2],
  ])('hands over nearly the same in %s', async (variant, tolerance) => {
    const expected = await parametersOf(fixturePath('tiny-gpt2'));
    const found = await parametersOf(fixturePath('gguf', `tiny-gpt2-${variant}.gguf`));
    expect([...found.keys()]).toEqual([...expected.keys()]);
    for (const [name, { shape, values }] of expected) {
      const other = found.get(name);
      expect(other?.shape).toEqual(shape);
      const largest = Math.max(...values.map(Math.abs));
      const worst = Math.max(...values.map((value, i) => Math.abs(value - (other?.values[i] ?? NaN))));
      expect(worst, name).toBeLessThanOrEqual(tolerance * largest);
    }
  });

  it('tells the stored format, the largest part first, and its bytes', async () => {
    const loaded = await loadModel(Q8, { createParameter: (name, shape) => ({ name, shape }) });
    expect(loaded.weightFormat).toBe('GGUF Q8_0, F32');
    const sizes = [...entries.values()].map(({ byteStart, byteEnd }) => byteEnd - byteStart);
    expect(loaded.weightBytes).toBe(sizes.reduce((sum, size) => sum + size, 0));
    expect(loaded.weightBytes).toBeLessThan(2 * loaded.numParameters);
    expect(loaded.config).toMatchObject({ tiedHead: true, bias: true, bosTokenId: 0, eosTokenIds: [0] });
  });
});

describe('planByGguf', () => {
  const changed = (changes: Record<string, unknown>) => new Map([...metadata, ...Object.entries(changes)]);

  it.each<[Record<string, unknown>, RegExp]>([
    [
      { 'general.architecture': 'bert' },
      /"bert" is not supported; supported: gpt2, llama, qwen2, qwen3, gemma3$/,
    ],
    [{ 'general.architecture': undefined }, /no "general.architecture"/],
    [{ 'gpt2.context_length': undefined }, /gpt2.context_length/],
    [{ 'gpt2.embedding_length': 0 }, /gpt2.embedding_length/],
    [{ 'gpt2.block_count': 1n << 60n }, /gpt2.block_count/],
    [{ 'gpt2.block_count': 4_000_000_000 }, /block_count is 4000000000, but there are 28 tensors/],
    [{ 'gpt2.attention.head_count': 5 }, /heads must divide the width/],
    [{ 'gpt2.attention.layer_norm_epsilon': 'small' }, /layer_norm_epsilon/],
    [{ 'tokenizer.ggml.eos_token_id': 384 }, /token id 384 lies outside the vocabulary of 384/],
  ])('refuses %s', (changes, message) => {
    expect(() => planByGguf(changed(changes), entries)).toThrow(
      expect.objectContaining({ code: 'config_invalid', message: expect.stringMatching(message) as unknown }),
    );
  });

  it('reads several end tokens, and counts of 64 bits', () => {
    const changes = { 'tokenizer.ggml.eot_token_id': 5, 'gpt2.context_length': 128n };
    expect(planByGguf(changed(changes), entries).config).toMatchObject({
      eosTokenIds: [0, 5],
      contextLength: 128,
    });
  });

  it('reads an untied head and missing biases from the tensors', () => {
    const tensors = new Map(entries);
    tensors.set('output.weight', {
      name: 'output.weight',
      dtype: 'F32',
      shape: [384, 32],
      byteStart: 0,
      byteEnd: 0,
    });
    tensors.delete('blk.0.attn_qkv.bias');
    expect(planByGguf(metadata, tensors).config).toMatchObject({
      tiedHead: false,
      qkvBias: false,
      bias: true,
    });
  });
});
