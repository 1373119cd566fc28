import { describe, expect, it } from 'vitest';
import { gpt2ParameterShapes } from '../../../src/model/gpt2-parameters.ts';
import { parseGpt2Config } from '../../../src/model/gpt2-config.ts';
import { mapGpt2Tensors } from '../../../src/weights/gpt2-tensor-map.ts';
import type { TensorEntry } from '../../../src/weights/tensor-source.ts';

const CONFIG = { model_type: 'gpt2', vocab_size: 11, n_positions: 7, n_embd: 4, n_head: 2, n_layer: 1 };
const EXPECTED = gpt2ParameterShapes(parseGpt2Config(CONFIG));

/** The tensors of a sound file of CONFIG, as Hugging Face stores them. */
const STORED: Record<string, number[]> = {
  'wte.weight': [11, 4],
  'wpe.weight': [7, 4],
  'h.0.ln_1.weight': [4],
  'h.0.ln_1.bias': [4],
  'h.0.attn.c_attn.weight': [4, 12],
  'h.0.attn.c_attn.bias': [12],
  'h.0.attn.c_proj.weight': [4, 4],
  'h.0.attn.c_proj.bias': [4],
  'h.0.ln_2.weight': [4],
  'h.0.ln_2.bias': [4],
  'h.0.mlp.c_fc.weight': [4, 16],
  'h.0.mlp.c_fc.bias': [16],
  'h.0.mlp.c_proj.weight': [16, 4],
  'h.0.mlp.c_proj.bias': [4],
  'ln_f.weight': [4],
  'ln_f.bias': [4],
};

function entriesOf(tensors: Record<string, number[]>, prefix = ''): Map<string, TensorEntry> {
  return new Map(
    Object.entries(tensors).map(([name, shape]) => {
      const fullName = name === 'lm_head.weight' ? name : prefix + name;
      return [fullName, { name: fullName, dtype: 'F32', shape, byteStart: 0, byteEnd: 0 }];
    }),
  );
}

const without = (name: string) => Object.fromEntries(Object.entries(STORED).filter(([key]) => key !== name));

describe('mapGpt2Tensors', () => {
  it.each(['', 'transformer.'])('finds every tensor under the prefix "%s"', (prefix) => {
    const found = mapGpt2Tensors(entriesOf(STORED, prefix), EXPECTED);
    expect(found.map(({ name }) => name)).toEqual(EXPECTED.map(({ name }) => name));
    expect(found.map(({ storedName }) => storedName)).toEqual(EXPECTED.map(({ name }) => prefix + name));
  });

  it('transposes the four Conv1D matrices of a block and nothing else, embeddings and head included', () => {
    const untied = gpt2ParameterShapes(parseGpt2Config({ ...CONFIG, tie_word_embeddings: false }));
    const found = mapGpt2Tensors(entriesOf({ ...STORED, 'lm_head.weight': [11, 4] }), untied);
    expect(found.filter(({ transposed }) => transposed).map(({ name, shape }) => [name, shape])).toEqual([
      ['h.0.attn.c_attn.weight', [12, 4]],
      ['h.0.attn.c_proj.weight', [4, 4]],
      ['h.0.mlp.c_fc.weight', [16, 4]],
      ['h.0.mlp.c_proj.weight', [4, 16]],
    ]);
  });

  it('passes over mask buffers and the copy of a tied head', () => {
    const file = {
      ...STORED,
      'h.0.attn.bias': [1, 1, 7, 7],
      'h.0.attn.masked_bias': [],
      'lm_head.weight': [11, 4],
    };
    expect(mapGpt2Tensors(entriesOf(file, 'transformer.'), EXPECTED)).toHaveLength(EXPECTED.length);
  });

  it.each([
    ['a missing tensor', without('h.0.mlp.c_fc.weight'), '"h.0.mlp.c_fc.weight" of shape [4, 16] is missing'],
    [
      'an extra tensor',
      { ...STORED, 'h.1.ln_1.weight': [4] },
      '"transformer.h.1.ln_1.weight" [4] is unexpected',
    ],
    [
      'a misshapen tensor',
      { ...STORED, 'wpe.weight': [9, 4] },
      '"transformer.wpe.weight" has shape [9, 4], but config.json makes it [7, 4]',
    ],
    [
      'a matrix stored as [out, in]',
      { ...STORED, 'h.0.attn.c_attn.weight': [12, 4] },
      '"transformer.h.0.attn.c_attn.weight" has shape [12, 4], but config.json makes it [4, 12]',
    ],
  ])('names %s', (_, file, problem) => {
    expect(() => mapGpt2Tensors(entriesOf(file, 'transformer.'), EXPECTED)).toThrow(
      expect.objectContaining({
        code: 'weights_invalid',
        message: `tensors do not fit config.json: ${problem}`,
      }),
    );
  });

  it('names a tensor stored both with and without the prefix', () => {
    const both = new Map([...entriesOf(STORED), ...entriesOf({ 'ln_f.bias': [4] }, 'transformer.')]);
    expect(() => mapGpt2Tensors(both, EXPECTED)).toThrow(/both "ln_f.bias" and "transformer.ln_f.bias"/);
  });

  it('asks for the head of an untied model', () => {
    const untied = gpt2ParameterShapes(parseGpt2Config({ ...CONFIG, tie_word_embeddings: false }));
    expect(() => mapGpt2Tensors(entriesOf(STORED), untied)).toThrow(
      /"lm_head.weight" of shape \[11, 4\] is missing/,
    );
  });

  it('shows ten problems of many and counts the rest', () => {
    expect(() => mapGpt2Tensors(new Map(), EXPECTED)).toThrow(/; and 6 more$/);
  });
});
