import { beforeAll, describe, expect, it } from 'vitest';
import { toLogprobsBody } from '../../../routes/openai/schemas/logprobs.ts';
import { tokenText } from '../../../routes/shared/schemas/token-logprob.ts';
import { Tokenizer } from '../../../src/tokenizer/tokenizer.ts';
import { fixturePath } from '../../support/fixtures.ts';

let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await Tokenizer.load(fixturePath('tiny-gpt2'));
});

describe('toLogprobsBody', () => {
  it('counts a character that spans tokens once, and starts where it is told', () => {
    const text = 'é🌊x';
    const tokens = tokenizer.encode(text).map((tokenId) => ({ tokenId, logprob: -1 }));
    const { body, textOffset } = toLogprobsBody(tokens, 10, { tokenizer, skipSpecialTokens: true });
    expect(tokens.length).toBeGreaterThan(3);
    expect(textOffset).toBe(10 + Array.from(text).length);
    expect(body.text_offset[0]).toBe(10);
    expect(body.text_offset.at(-1)).toBe(12);
    expect(body.tokens.at(-1)).toBe('x');
    expect(body.tokens[0]).toMatch(/^bytes:\\x[\da-f]{2}/);
  });

  it('special tokens take no room in a completion, but do in an echoed prompt', () => {
    const tokens = [{ tokenId: 0 }, { tokenId: 304, logprob: -1 }];
    const inCompletion = toLogprobsBody(tokens, 0, { tokenizer, skipSpecialTokens: true });
    expect(inCompletion.body.text_offset).toEqual([0, 0]);
    const inPrompt = toLogprobsBody(tokens, 0, { tokenizer, skipSpecialTokens: false });
    expect(inPrompt.body.text_offset).toEqual([0, '<|endoftext|>'.length]);
  });

  it('has the chosen token among its alternatives once, and numbers that JSON can hold', () => {
    const topLogprobs = [
      { tokenId: 304, logprob: -0.25 },
      { tokenId: 283, logprob: -Infinity },
    ];
    const tokens = [{ tokenId: 304, logprob: -0.25, topLogprobs }];
    const { body } = toLogprobsBody(tokens, 0, { tokenizer, skipSpecialTokens: true });
    expect(Object.values(body.top_logprobs[0] ?? {}).toSorted()).toEqual([-0.25, -9999]);
    expect(JSON.stringify(body)).not.toContain('null');
  });
});

describe('tokenText', () => {
  it('is text where it can be, and bytes in the way of OpenAI where not', () => {
    expect(tokenText(Uint8Array.from([0x68, 0x69]))).toBe('hi');
    expect(tokenText(Uint8Array.from([0xe2, 0x82]))).toBe('bytes:\\xe2\\x82');
    expect(tokenText(Uint8Array.from([0xef, 0xbb, 0xbf]))).toBe('\uFEFF');
  });
});
