import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { readChatTemplate } from '../chat-template/fallback-template.ts';
import { readOptionalJson } from '../model-files.ts';
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
  return {
    tokenizerJson,
    tokenizerConfig,
    specialTokens: specialTokensOf({ ...specialTokensMap, ...tokenizerConfig }),
    template: await readChatTemplate(directory, tokenizerConfig),
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
