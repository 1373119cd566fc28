import type { GenerationEvent, GenerationFinish } from '../../src/generation/generation-event.ts';
import type { SampledToken } from '../../src/engine/engine.ts';

/** Events of an answer, as a model's text is read into them: one token for each piece of text. */

const tokensOf = (text: string): SampledToken[] => [{ tokenId: text.length, logprob: -0.5, topLogprobs: [] }];

export const reasoning = (...texts: string[]): GenerationEvent[] =>
  texts.map((text) => ({ type: 'reasoning', index: 0, text, tokens: tokensOf(text) }));

export const content = (...texts: string[]): GenerationEvent[] =>
  texts.map((text) => ({ type: 'content', index: 0, text, tokens: tokensOf(text) }));

export const call = (callIndex: number, name: string, ...texts: string[]): GenerationEvent[] => [
  { type: 'callStart', index: 0, callIndex, id: `call_${callIndex}`, name, tokens: tokensOf(name) },
  ...texts.map((text) => ({
    type: 'callArguments' as const,
    index: 0,
    callIndex,
    text,
    tokens: tokensOf(text),
  })),
];

export const finish = (reason: GenerationFinish, stopString?: string): GenerationEvent[] => [
  { type: 'finish', index: 0, finish: reason, ...(stopString === undefined ? {} : { stopString }) },
];

/** What a model can be read as: the text of each kind in pieces, and how it ended. */
export const ANSWERS: Readonly<Record<string, readonly GenerationEvent[]>> = {
  text: [...content('The ', 'river'), ...finish('stop')],
  nothing: finish('stop'),
  'text that ends at the limit': [...content('The ', 'ri'), ...finish('length')],
  'text that is cancelled': [...content('The '), ...finish('abort')],
  'reasoning, then text': [...reasoning('Hm', ', so'), ...content('It is'), ...finish('stop')],
  'reasoning that ends at the limit': [...reasoning('Hm', ', so'), ...finish('length')],
  'a call': [...call(0, 'weather', '{"city":', '"Oslo"}'), ...finish('toolCalls')],
  'a call without arguments': [...call(0, 'now', '{}'), ...finish('toolCalls')],
  'reasoning, text and several calls': [
    ...reasoning('Two', ' places'),
    ...content('I look.'),
    ...call(0, 'weather', '{"city":', '"Oslo"}'),
    ...call(1, 'weather', '{"city"', ':"Rome"}'),
    ...finish('toolCalls'),
  ],
  'a call that the limit cuts': [
    ...content('I look.'),
    ...call(0, 'weather', '{"city":"Os'),
    ...finish('length'),
  ],
  'tokens without text': [...content('', 'The', '', ' river', ''), ...finish('stop')],
  'the marker of a call': [...content(''), ...call(0, 'now', '', '{}', ''), ...finish('toolCalls')],
  'text after a call': [...call(0, 'now', '{}'), ...content('Done'), ...reasoning('Hm'), ...finish('stop')],
};
