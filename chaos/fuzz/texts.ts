import * as fc from 'fast-check';
import { jsonStep, postStep, type FuzzKind, type FuzzStep } from './fuzz-script.ts';

/** Texts for tokenizers: without spaces, of one character, of all scripts, with the texts of special tokens. */

const SCRIPTS = [
  'the river ',
  'река ',
  '川の流れ',
  'นที',
  'नदी ',
  'نهر ',
  '🌊👩‍👩‍👧‍👦',
  '한글',
  'é̂̃',
  '\u0301',
] as const;
const SPECIAL = [
  '<|endoftext|>',
  '<|im_start|>',
  '[INST]',
  '</s>',
  '<0x0A>',
  '▁',
  'Ġ',
  '\ufeff',
  '\u2028',
] as const;
const ODD = ['\u0000', '\ud800', '\udc00\ud800', '\r\n', '\t', '\u200d', '\u202e', '\uffff'] as const;

const length = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 400 }) },
  { weight: 2, arbitrary: fc.integer({ min: 400, max: 20_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 20_000, max: 300_000 }) },
);

const piece = fc.oneof(
  fc.constantFrom(...SCRIPTS, ...SPECIAL),
  fc.constantFrom(...ODD),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
);

const run = fc
  .tuple(fc.constantFrom('a', ' ', '\n', '0', '-', 'é', '\u0301', '🌊', '川', 'Aa', 'a1', "'s"), length)
  .map(([unit, count]) => unit.repeat(count));

/** Letters without a space, no two stretches alike. */
const word = fc.tuple(length, fc.integer()).map(([count, seed]) => {
  let state = seed >>> 0;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return String.fromCharCode(97 + ((state >>> 24) % 26));
  }).join('');
});

const fuzzText = fc.oneof(
  { weight: 6, arbitrary: fc.array(piece, { minLength: 1, maxLength: 30 }).map((pieces) => pieces.join('')) },
  { weight: 3, arbitrary: run },
  { weight: 2, arbitrary: word },
);

const step: fc.Arbitrary<FuzzStep> = fc.tuple(fuzzText, fuzzText, fc.nat(7)).map(([text, other, way]) => {
  switch (way) {
    case 1:
      return postStep('/v1/completions', { prompt: text, max_tokens: 1, truncate_prompt_tokens: 40 });
    case 2:
      return postStep('/v1/completions', { prompt: 'Once', max_tokens: 8, stop: [text.slice(0, 300), 'zz'] });
    case 3:
      return postStep('/v1/embeddings', { input: [text, other], truncate_prompt_tokens: 60 });
    case 4:
      return postStep('/v1/chat/completions', { messages: [{ role: 'user', content: text }], max_tokens: 2 });
    case 5:
      return postStep('/v1/rerank', { query: text.slice(0, 40), documents: [other.slice(0, 200), 'a'] });
    case 6:
      return postStep('/v1/messages/count_tokens', { messages: [{ role: 'user', content: text }] });
    case 7:
      return postStep('/v1/score', { text_1: text.slice(0, 100), text_2: [other.slice(0, 100)] });
    default:
      return postStep('/tokenize', { prompt: text, add_special_tokens: false });
  }
});

/** What the tokens of a text say is the text. */
const roundTrip = fuzzText.map((text) => [
  postStep('/tokenize', { prompt: text, add_special_tokens: false }),
  postStep('/detokenize', '{"tokens":{{0.tokens}}}'),
]);

const ids = fc.array(fc.oneof(fc.nat(3200), fc.nat(60_000)), { minLength: 1, maxLength: 200 });

export const TEXT_KIND: FuzzKind = {
  name: 'texts',
  scripts: fc.oneof(
    { weight: 8, arbitrary: step.map((one) => [one]) },
    { weight: 3, arbitrary: roundTrip },
    { weight: 1, arbitrary: ids.map((tokens) => [jsonStep('POST', '/detokenize', { tokens })]) },
  ),
};
