import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import type { ChatTemplateSource } from './chat-template-renderer.ts';

/** Where a template's variables of that name come from. */
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
 * The chat template of a model directory: `chat_template.jinja`, else `chat_template` of `tokenizer_config.json`, a
 * text or a list of named ones with a `default`; undefined where there is none.
 *
 * @throws EngineError `weights_invalid` naming the file
 */
export async function readChatTemplate(
  directory: string,
  tokenizerConfig: object,
): Promise<ChatTemplateSource | undefined> {
  const template = (await readJinja(join(directory, 'chat_template.jinja'))) ?? templateOf(tokenizerConfig);
  if (template === undefined) return undefined;
  return { template, specialTokens: specialTokensOf(tokenizerConfig) };
}

async function readJinja(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new EngineError('weights_invalid', `${path} cannot be read`, { cause });
  }
}

function templateOf(tokenizerConfig: object): string | undefined {
  const value = fieldOf(tokenizerConfig, 'chat_template') ?? undefined;
  if (value === undefined || typeof value === 'string') return value;
  if (Array.isArray(value)) {
    const named: unknown[] = value;
    const template = fieldOf(
      named.find((entry) => fieldOf(entry, 'name') === 'default'),
      'template',
    );
    if (typeof template === 'string') return template;
  }
  throw new EngineError(
    'weights_invalid',
    'chat_template of tokenizer_config.json must be a text, or a list of {name, template} with one named default',
  );
}

function specialTokensOf(tokenizerConfig: object): Record<string, string> {
  const tokens: Record<string, string> = {};
  for (const name of SPECIAL_TOKENS) {
    const value = fieldOf(tokenizerConfig, name);
    const text = typeof value === 'string' ? value : fieldOf(value, 'content');
    if (typeof text === 'string') tokens[name] = text;
  }
  return tokens;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
