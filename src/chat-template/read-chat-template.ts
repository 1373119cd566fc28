import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { fieldOf } from '../values.ts';
import { readModelText, readOptionalJson } from '../model-files.ts';

/** Files that are a template, the first that is there counts: `save_pretrained` writes named ones into a folder. */
const TEMPLATE_FILES = ['chat_template.jinja', join('additional_chat_templates', 'default.jinja')];

/**
 * The chat template of a model directory: `chat_template.jinja`, else `default.jinja` in `additional_chat_templates`,
 * else `chat_template` of `tokenizer_config.json` or of `chat_template.json`, which is the processor's of a model that
 * also sees: a text, or a list of named ones with a `default`. Undefined where there is none.
 *
 * @throws EngineError `weights_invalid` naming the file
 */
export async function readChatTemplate(
  directory: string,
  tokenizerConfig: object,
): Promise<string | undefined> {
  for (const name of TEMPLATE_FILES) {
    const template = await readModelText(directory, name);
    if (template !== undefined) return template;
  }
  return (
    templateOf(tokenizerConfig, 'tokenizer_config.json') ??
    templateOf(await readOptionalJson(directory, 'chat_template.json'), 'chat_template.json')
  );
}

function templateOf(json: unknown, file: string): string | undefined {
  const value = fieldOf(json, 'chat_template') ?? undefined;
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
    `chat_template of ${file} must be a text, or a list of {name, template} with one named default`,
  );
}
