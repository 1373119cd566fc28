import { describe, expect, it } from 'vitest';
import { endTokenIds } from '../../../src/tokenizer/end-tokens.ts';

describe('endTokenIds', () => {
  it('takes what generation_config.json says before what config.json says, as transformers does', () => {
    expect(endTokenIds({ config: 2 })).toEqual([2]);
    expect(endTokenIds({ config: [2, 7] })).toEqual([2, 7]);
    expect(endTokenIds({ config: 2, generationConfig: [7, 8] })).toEqual([7, 8]);
    expect(endTokenIds({ config: 2, generationConfig: 7 })).toEqual([7]);
    for (const none of [null, undefined, []]) {
      expect(endTokenIds({ config: 2, generationConfig: none })).toEqual([2]);
      expect(endTokenIds({ config: none })).toEqual([]);
    }
  });

  it('adds what the tokenizer names, and control tokens that end a turn by their text, each once', () => {
    const controlTokens = new Map([
      ['<s>', 1],
      ['</s>', 2],
      ['<|im_start|>', 3],
      ['<|im_end|>', 4],
      ['<end_of_turn>', 5],
      ['<|eot_id|>', 6],
    ]);
    expect(endTokenIds({ config: 9, tokenizer: [4, 9], controlTokens })).toEqual([9, 4, 6, 5, 2]);
    expect(endTokenIds({ controlTokens: new Map([['<mask>', 1]]) })).toEqual([]);
  });

  it('takes 0 for the id that it is', () => {
    expect(endTokenIds({ config: 0, tokenizer: [0] })).toEqual([0]);
    expect(endTokenIds({ config: 5, generationConfig: 0 })).toEqual([0]);
  });
});
