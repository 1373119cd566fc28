import { describe, expect, it } from 'vitest';
import { checkCompletion, checkLayers, checkText, checkVocabulary } from '../../../src/engine/check-input.ts';
import type { CompletionRequest } from '../../../src/engine/engine.ts';
import { PLAIN_PARAMS } from '../../../src/engine/generation-params.ts';
import { EngineError } from '../../../src/errors.ts';
import { DEFAULT_SAMPLING_PARAMS, type SamplingParams } from '../../../src/sampling/sampling-params.ts';

const BOUNDS = { vocabSize: 100, contextLength: 32 };

const request = (changes: Partial<CompletionRequest> = {}): CompletionRequest => ({
  ...PLAIN_PARAMS,
  id: 'a',
  prompts: [[1, 2, 3]],
  maxTokens: 4,
  ownerId: '',
  timeoutMs: undefined,
  ...changes,
});

function errorOf(check: () => void): { code: string; param: string | undefined; message: string } {
  try {
    check();
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

describe('the edge of the engine', () => {
  it.each<Partial<CompletionRequest>>([
    {},
    { prompts: [[0], [99]], n: 3 },
    { maxTokens: 29 },
    { maxTokens: 0, promptLogprobs: true, numLogprobs: 20 },
  ])('takes %o', (changes) => {
    expect(() => checkCompletion(request(changes), BOUNDS)).not.toThrow();
  });

  it.each<[string, Partial<CompletionRequest>]>([
    ['prompt', { prompts: [] }],
    ['prompt', { prompts: [[1], []] }],
    ['prompt', { prompts: [[100]] }],
    ['prompt', { prompts: [[-1]] }],
    ['prompt', { prompts: [[0.5]] }],
    ['prompt', { prompts: [[NaN]] }],
    ['n', { n: 0 }],
    ['max_tokens', { maxTokens: -1 }],
    ['max_tokens', { maxTokens: NaN }],
    ['min_tokens', { minTokens: 1.5 }],
    ['logprobs', { numLogprobs: 21 }],
  ])('refuses a bad %s: %o', (param, changes) => {
    const error = errorOf(() => checkCompletion(request(changes), BOUNDS));
    expect([error.code, error.param]).toEqual(['invalid_request', param]);
    expect(error.message).toContain(param);
  });

  it.each<[string, Partial<SamplingParams>]>([
    ['temperature', { temperature: NaN }],
    ['temperature', { temperature: -1 }],
    ['top_p', { topP: 1.1 }],
    ['top_k', { topK: -1 }],
    ['min_p', { minP: Infinity }],
    ['frequency_penalty', { frequencyPenalty: Infinity }],
    ['presence_penalty', { presencePenalty: NaN }],
    ['repetition_penalty', { repetitionPenalty: 0 }],
    ['seed', { seed: 2 ** 60 }],
    ['logit_bias', { logitBias: new Map([[3, NaN]]) }],
  ])('refuses a bad %s in sampling: %o', (param, changes) => {
    const sampling = { ...DEFAULT_SAMPLING_PARAMS, ...changes };
    const error = errorOf(() => checkCompletion(request({ sampling }), BOUNDS));
    expect([error.code, error.param]).toEqual(['invalid_request', param]);
  });

  it('refuses what the context cannot hold', () => {
    const completion = errorOf(() => checkCompletion(request({ maxTokens: 30 }), BOUNDS));
    expect([completion.code, completion.param]).toEqual(['context_length_exceeded', 'max_tokens']);
    const tokenIds = new Array<number>(33).fill(1);
    const alone = errorOf(() =>
      checkCompletion(request({ prompts: [tokenIds.slice(1)], maxTokens: 1 }), BOUNDS),
    );
    expect([alone.code, alone.param]).toEqual(['context_length_exceeded', 'prompt']);
    expect(alone.message).not.toContain('max_tokens');
    const text = errorOf(() => checkText(tokenIds, BOUNDS, 'input'));
    expect([text.code, text.param]).toEqual(['context_length_exceeded', 'input']);
    // LiteLLM, CrewAI and Pydantic AI know by these words of OpenAI's that a conversation is to be shortened.
    for (const { message } of [completion, alone, text])
      expect(message).toContain("this model's maximum context length is 32 tokens");
    expect(() => checkText(tokenIds.slice(1), BOUNDS, 'input')).not.toThrow();
    expect(errorOf(() => checkText([], BOUNDS, 'input')).code).toBe('invalid_request');
  });

  it.each<['list' | 'item' | 'key', string, string]>([
    ['list', 'prompt', 'prompt holds token id 100, outside the vocabulary (0 to 99)'],
    ['item', 'prompt[1]', 'prompt[1] is 100, a token id outside the vocabulary (0 to 99)'],
    ['key', 'prompt.100', 'prompt.100 names a token id outside the vocabulary (0 to 99)'],
  ])('names a token id outside the vocabulary by %s', (naming, param, message) => {
    const error = errorOf(() => checkVocabulary([99, 100, 101], BOUNDS, 'prompt', naming));
    expect(error).toMatchObject({ code: 'invalid_request', param, message });
  });

  it('names a layer that the model does not have', () => {
    expect(() => checkLayers([0, 3], 4)).not.toThrow();
    const error = errorOf(() => checkLayers([0, 4], 4));
    expect(error).toMatchObject({ param: 'layers[1]', message: 'layers[1] is 4; the model has 4 layers' });
  });
});

describe('the logprobs of a request', () => {
  const bounds = { vocabSize: 100, contextLength: 8192 };

  it.each<Partial<CompletionRequest>>([
    { n: 8, maxTokens: 4096, numLogprobs: 20 },
    { n: 128, maxTokens: 8000 },
    { n: 128, maxTokens: 512, numLogprobs: 5 },
    { n: 1, maxTokens: 1, numLogprobs: 20, promptLogprobs: true, prompts: [new Array<number>(8000).fill(1)] },
  ])('ordinary ones are taken: $n choices of $maxTokens tokens', (changes) => {
    expect(() => checkCompletion(request(changes), bounds)).not.toThrow();
  });

  it('more than are kept of an answer are refused, with the numbers', () => {
    const tooMany = request({ n: 128, maxTokens: 500, numLogprobs: 20 });
    const { code, param, message } = errorOf(() => checkCompletion(tooMany, bounds));
    expect({ code, param }).toEqual({ code: 'invalid_request', param: 'logprobs' });
    expect(message).toContain('128 choices of up to 500 tokens');
    expect(message).toContain('1344000 numbers; at most 1048576');
  });

  it('a prompt that each choice repeats counts for each', () => {
    const prompts = [new Array<number>(1000).fill(1)];
    const echoing = request({ n: 128, maxTokens: 1, numLogprobs: 20, prompts, promptLogprobs: true });
    expect(errorOf(() => checkCompletion(echoing, bounds)).param).toBe('logprobs');
    expect(() => checkCompletion({ ...echoing, promptLogprobs: false }, bounds)).not.toThrow();
  });
});
