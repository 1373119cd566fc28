import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { readChatTemplate } from '../chat-template/fallback-template.ts';
import { readOptionalJson } from '../model-files.ts';
import { fieldOf } from '../values.ts';
import type { TokenizerJson } from './tokenizer-json.ts';

export interface TokenizerFiles {
  tokenizerJson: TokenizerJson;
  /** tokenizer_config.json; empty where there is none. */
  tokenizerConfig: object;
  /** `bos_token`, `eos_token` and their kin, by name. */
  specialTokens: Readonly<Record<string, string>>;
  /** A chat template in Jinja. */
  template: string | undefined;
}

/** The names that a chat template's variables have, and the files' fields. */
const SPECIAL_TOKENS = [
  'bos_token',
  'eos_token',
  'unk_token',
  'sep_token',
  'pad_token',
  'cls_token',
  'mask_token',
];

/**
 * The files of a model directory that make its tokenizer.
 * @throws EngineError `weights_invalid` naming the file
 */
export async function readTokenizerFiles(directory: string): Promise<TokenizerFiles> {
  const tokenizerJson = await readOptionalJson(directory, 'tokenizer.json');
  if (tokenizerJson === undefined) {
    throw new EngineError(
      'weights_invalid',
      `there is no ${join(directory, 'tokenizer.json')}: a model needs its tokenizer beside it`,
    );
  }
  const tokenizerConfig = (await readOptionalJson(directory, 'tokenizer_config.json')) ?? {};
  const specialTokensMap = (await readOptionalJson(directory, 'special_tokens_map.json')) ?? {};
  const specialTokens = specialTokensOf({ ...specialTokensMap, ...tokenizerConfig });
  const template = await readChatTemplate(directory, tokenizerConfig);
  const numEmbedded = numEmbeddedOf(await readOptionalJson(directory, 'config.json'));
  return withoutPlaceholders({ tokenizerJson, tokenizerConfig, specialTokens, template }, numEmbedded);
}

/** How many tokens the model embeds; one that also sees has the language model's fields inside. */
function numEmbeddedOf(config: object | undefined): number {
  const size = fieldOf(config, 'vocab_size') ?? fieldOf(fieldOf(config, 'text_config'), 'vocab_size');
  return typeof size === 'number' ? size : Infinity;
}

/**
 * Gemma 3's small models have the tokenizer of those that see, with a token that stands for pieces of a picture
 * (`<image_soft_token>`); copies of Llama 2 have one that fills texts up to one length (`<pad>`). They embed neither, and
 * nothing writes them: to these models they are text, as in llama.cpp's files of Gemma.
 */
function withoutPlaceholders(files: TokenizerFiles, numEmbedded: number): TokenizerFiles {
  const { tokenizerJson, tokenizerConfig, specialTokens, template = '' } = files;
  const { pad_token: padding, ...written } = specialTokens;
  const used = [template, ...Object.values(written)].join('\n');
  const isPlaceholder = (id: number, token: unknown): boolean => {
    const content = fieldOf(token, 'content');
    if (id < numEmbedded || typeof content !== 'string' || used.includes(content)) return false;
    return fieldOf(token, 'special') === true || content === padding;
  };
  const { added_tokens: added } = tokenizerJson;
  const { added_tokens_decoder: decoder } = tokenizerConfig as { added_tokens_decoder?: unknown };
  return {
    ...files,
    tokenizerJson: Array.isArray(added)
      ? {
          ...tokenizerJson,
          added_tokens: added.filter((token) => !isPlaceholder(Number(fieldOf(token, 'id')), token)),
        }
      : tokenizerJson,
    tokenizerConfig: {
      ...tokenizerConfig,
      added_tokens_decoder: Object.fromEntries(
        Object.entries(Object(decoder) as object).filter(([id, token]) => !isPlaceholder(Number(id), token)),
      ),
    },
  };
}

function specialTokensOf(fields: Readonly<Record<string, unknown>>): Record<string, string> {
  const tokens: Record<string, string> = {};
  for (const name of SPECIAL_TOKENS) {
    const value = fields[name];
    const text: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'content') : value;
    if (typeof text === 'string') tokens[name] = text;
  }
  return tokens;
}
