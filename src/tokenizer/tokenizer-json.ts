import { EngineError } from '../errors.ts';
import { fieldOf } from '../values.ts';
import type { DecoderConfig } from './token-bytes.ts';

/** The parts of a tokenizer.json that are read here; the rest is the library's. */
export interface TokenizerJson {
  decoder?: DecoderConfig | null;
  normalizer?: StepConfig | null;
  pre_tokenizer?: StepConfig | null;
  added_tokens?: readonly AddedTokenConfig[];
  model?: unknown;
}

/** A normalizer or a pre-tokenizer. */
export interface StepConfig {
  type?: unknown;
  [field: string]: unknown;
}

interface AddedTokenConfig {
  id: number;
  content: string;
}

/** GPT-2's way to cut a text; what `\s` is, Unicode's White_Space says, not JavaScript. */
export const GPT2_PATTERN =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** What `\w` is to Rust, in a class; the library leaves the joiners out. */
const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}';

const SPLIT_BEHAVIORS = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext'];

/** Cuts a text where the pattern matches, and keeps all of it: a tokenizer.json's `Split`. */
export function isolate(pattern: string): StepConfig {
  return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false };
}

/**
 * Describes the tokenizer in such terms that @huggingface/tokenizers (0.2) cuts texts as Hugging Face's `tokenizers` does. Of
 * what the library reads otherwise: digits other than ASCII's, white space under `ByteLevel`'s own pattern, `Split`
 * with most behaviors, `Metaspace` that splits, words other than ASCII's, replacements with a `$`. Tokens that only
 * tokenizer_config.json adds are added, as transformers does.
 *
 * @throws EngineError `weights_invalid` for a `Split` that neither has, and for parts that the library passes over or
 * only comes close to
 */
export function toLibraryJson(tokenizerJson: TokenizerJson, tokenizerConfig: object): TokenizerJson {
  const { pre_tokenizer: preTokenizer = null, added_tokens: addedTokens = [] } = tokenizerJson;
  const { normalizer = null, model } = tokenizerJson;
  if ((fieldOf(model, 'continuing_subword_prefix') ?? '') !== '' && fieldOf(model, 'type') === 'BPE')
    throw unusable('a BPE with a continuing_subword_prefix is not supported');
  return {
    ...tokenizerJson,
    ...('normalizer' in tokenizerJson
      ? { normalizer: normalizer === null ? null : toLibraryNormalizer(normalizer) }
      : {}),
    added_tokens: [...addedTokens, ...tokensOfConfig(tokenizerConfig, addedTokens)],
    ...('pre_tokenizer' in tokenizerJson
      ? { pre_tokenizer: preTokenizer === null ? null : sequence(toLibrarySteps(preTokenizer)) }
      : {}),
  };
}

const WITHOUT_SPACES: StepConfig = {
  type: 'Split',
  pattern: { Regex: '\\s+' },
  behavior: 'Removed',
  invert: false,
};

function sequence(steps: readonly StepConfig[]): StepConfig {
  return { type: 'Sequence', pretokenizers: steps };
}

function toLibraryNormalizer(step: StepConfig): StepConfig {
  const { type, content, normalizers } = step;
  // The library stands in for it with a list of its own.
  if (type === 'Precompiled') throw unusable('the normalizer Precompiled is not supported');
  if (type === 'Sequence' && Array.isArray(normalizers))
    return { ...step, normalizers: (normalizers as StepConfig[]).map(toLibraryNormalizer) };
  const isReplaced = type === 'Replace' && typeof content === 'string';
  return isReplaced ? { ...step, content: content.replaceAll('$', '$$$$') } : step;
}

function unusable(problem: string): EngineError {
  return new EngineError('weights_invalid', `tokenizer.json cannot be used: ${problem}`);
}

function toLibrarySteps(step: StepConfig): StepConfig[] {
  switch (step.type) {
    case 'Sequence':
      return Array.isArray(step['pretokenizers'])
        ? (step['pretokenizers'] as StepConfig[]).flatMap(toLibrarySteps)
        : [step];
    case 'Digits':
      return [isolate(step['individual_digits'] === true ? '\\p{N}' : '\\p{N}+')];
    case 'Whitespace':
      return [
        {
          type: 'Split',
          pattern: { Regex: `[${WORD}]+|[^${WORD}\\s]+` },
          behavior: 'Removed',
          invert: true,
        },
      ];
    case 'ByteLevel':
      // With a space put in front the library has to cut by itself.
      if (step['use_regex'] === false || step['add_prefix_space'] === true) return [step];
      return [isolate(GPT2_PATTERN), { ...step, use_regex: false }];
    case 'WhitespaceSplit':
      return [WITHOUT_SPACES];
    case 'BertPreTokenizer':
      return [WITHOUT_SPACES, punctuation('Isolated')];
    case 'FixedLength':
      return [isolate(`[\\s\\S]{1,${Number(step['length'])}}`)];
    case 'Metaspace':
      return step['split'] === false ? [step] : [step, mergedWithNext(String(step['replacement']))];
    case 'Punctuation':
      return step['behavior'] === 'Contiguous' ? [step] : [punctuation(step['behavior'])];
    case 'Split':
      return [split(step)];
    default:
      return [step];
  }
}

function punctuation(behavior: unknown): StepConfig {
  return split({
    type: 'Split',
    pattern: { Regex: '[\\p{P}!-/:-@\\[-`{-~]' },
    behavior: behavior ?? 'Isolated',
    invert: false,
  });
}

function split(step: StepConfig): StepConfig {
  const behavior = String(step['behavior']);
  const text = Reflect.get(Object(step['pattern']), 'String') as unknown;
  if (behavior === 'Removed') {
    // Cut by a text, the library keeps that text.
    const regex = Array.from(typeof text === 'string' ? text : '', literal).join('');
    return regex === '' || step['invert'] === true ? step : { ...step, pattern: { Regex: regex } };
  }
  // What matches and what does not are kept alike, so that there is nothing to invert.
  if (behavior === 'Isolated') return { ...step, invert: false };
  const isCharacter = typeof text === 'string' && /^.$/su.test(text) && step['invert'] !== true;
  if (isCharacter && behavior === 'MergedWithPrevious') return mergedWithPrevious(text);
  if (isCharacter && behavior === 'MergedWithNext') return mergedWithNext(text);
  throw unusable(
    `its pre-tokenizer splits with behavior ${behavior}; supported: ` +
      `${SPLIT_BEHAVIORS.join(', ')}, the last two at a single character`,
  );
}

function mergedWithPrevious(character: string): StepConfig {
  return isolate(`[^${literal(character)}]*${literal(character)}`);
}

function mergedWithNext(character: string): StepConfig {
  return isolate(`${literal(character)}[^${literal(character)}]*`);
}

function literal(character: string): string {
  return `\\x{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** `added_tokens_decoder` of tokenizer_config.json has ids as keys. */
function tokensOfConfig(
  tokenizerConfig: object,
  addedTokens: readonly AddedTokenConfig[],
): AddedTokenConfig[] {
  const decoder: unknown = Reflect.get(tokenizerConfig, 'added_tokens_decoder');
  if (typeof decoder !== 'object' || decoder === null) return [];
  const known = new Set(addedTokens.map(({ content }) => content));
  return Object.entries(decoder as Record<string, Partial<AddedTokenConfig> | null>).flatMap(([id, token]) =>
    typeof token?.content === 'string' && !known.has(token.content)
      ? [{ ...token, id: Number(id), content: token.content }]
      : [],
  );
}
