import { Tokenizer } from '@huggingface/tokenizers';
import { expect, it } from 'vitest';
import { toTokenizerJson } from '../../../bench/gpt2-words.ts';

it('makes of a vocabulary and its merges a tokenizer as Hugging Face has it', () => {
  const vocabulary = { a: 0, b: 1, Ġ: 2, ab: 3, Ġab: 4, '<|endoftext|>': 5 };
  const json = toTokenizerJson(vocabulary, '#version: 0.2\na b\nĠ ab\n');
  const tokenizer = new Tokenizer(json, { tokenizer_class: 'GPT2Tokenizer' });
  expect(tokenizer.encode('ab abb<|endoftext|>', { add_special_tokens: false }).ids).toEqual([3, 4, 1, 5]);
});
