import { GPT2_PATTERN } from './tokenizer-json.ts';

/** How a text is cut before byte-pair encoding, and what llama.cpp does besides where it finds the name. */
export interface GgufPreTokenizer {
  /** One after the other; what none matches is a piece of its own. */
  patterns: readonly string[];
  /** A piece that is a token is taken as it is, whether or not merges lead to it. */
  ignoresMerges?: boolean;
  /** A text begins with begin-of-text where the file says nothing. */
  addsBos?: boolean;
}

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const WORD = '[^\\r\\n\\p{L}\\p{N}]?\\p{L}+';
const MARKED_WORD = '[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+';
const SYMBOLS = ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*';
const MARKED_SYMBOLS = ' ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*';
const PATH_SYMBOLS = ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*';
const SPACES = '\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
/** Capitals and then small letters; letters without case count as both. */
const CAPITALS = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';
const SMALL = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';
const SMALL_WORD = `[^\\r\\n\\p{L}\\p{N}]?${CAPITALS}*${SMALL}+`;
const CAPITAL_WORD = `[^\\r\\n\\p{L}\\p{N}]?${CAPITALS}+${SMALL}*`;

const LLAMA3 = [[CONTRACTIONS, WORD, '\\p{N}{1,3}', SYMBOLS, SPACES].join('|')];
const QWEN2 = [[CONTRACTIONS, WORD, '\\p{N}', SYMBOLS, SPACES].join('|')];
const GPT4O_WORDS = `${SMALL_WORD}${CONTRACTIONS}?|${CAPITAL_WORD}${CONTRACTIONS}?`;
const GPT2 = { patterns: [GPT2_PATTERN] };
const DIGITS_FIRST = { patterns: ['\\p{N}', GPT2_PATTERN] };
const ENGLISH = `[\\p{P}\\$\\+<=>\\^~\\|]+`;
const HAN = '[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+';

/** Families of names that cut alike; of each the first is the best known. */
const FAMILIES: readonly (readonly [names: string, preTokenizer: GgufPreTokenizer])[] = [
  ['gpt-2 phi-2 mpt olmo jais trillion exaone4 gigachat a.x-4.0 mellum granite-docling', GPT2],
  ['default', { patterns: [ENGLISH, GPT2_PATTERN, '\\p{N}+', '[0-9][0-9][0-9]'] }],
  ['smollm starcoder refact command-r codeshell exaone minerva-7b mellum2', DIGITS_FIRST],
  [
    'llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2',
    { patterns: LLAMA3, ignoresMerges: true, addsBos: true },
  ],
  ['dbrx smaug-bpe glm4 chatglm-bpe', { patterns: LLAMA3 }],
  ['qwen2 deepseek-r1-qwen kormo f2llmv2 megrez stablelm2 hunyuan solar-open grok-2', { patterns: QWEN2 }],
  ['qwen35', { patterns: [[CONTRACTIONS, MARKED_WORD, '\\p{N}', MARKED_SYMBOLS, SPACES].join('|')] }],
  [
    'gpt-4o llama4 kanana2 talkie minimax-m2',
    { patterns: [[GPT4O_WORDS, '\\p{N}{1,3}', PATH_SYMBOLS, SPACES].join('|')] },
  ],
  [
    'tekken',
    {
      patterns: [[SMALL_WORD, CAPITAL_WORD, '\\p{N}', PATH_SYMBOLS, SPACES].join('|')],
      ignoresMerges: true,
      addsBos: true,
    },
  ],
  ['deepseek-coder', { patterns: ['[\\r\\n]', '\\s?\\p{L}+', '\\s?\\p{P}+', HAN, '\\p{N}'] }],
  [
    'deepseek-v3',
    {
      patterns: [
        '\\p{N}{1,3}',
        '[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+',
        '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+|' +
          ' ?[\\p{P}\\p{S}]+[\\r\\n]*|' +
          SPACES,
      ],
    },
  ],
  [
    'seed-coder',
    { patterns: [[CONTRACTIONS, WORD, '\\p{N}', ' ?[^\\s\\p{L}\\p{N}\\r\\n]+', SPACES].join('|')] },
  ],
];

/**
 * By the names of `tokenizer.ggml.pre`, the patterns of the models' tokenizer.json; which names cut alike, which take a
 * piece that is a token as it is, and which begin with begin-of-text is in llama.cpp's llama-vocab.cpp.
 */
export const PRE_TOKENIZERS: ReadonlyMap<string, GgufPreTokenizer> = new Map(
  FAMILIES.flatMap(([names, preTokenizer]) => names.split(' ').map((name) => [name, preTokenizer] as const)),
);
