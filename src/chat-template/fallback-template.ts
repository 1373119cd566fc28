import { readFile, stat } from 'node:fs/promises';
import { EngineError } from '../errors.ts';
import { join } from 'node:path';
import { fieldOf } from '../values.ts';
import { readModelText, readOptionalJson } from '../model-files.ts';

/** Where a model's chat template comes from: its own files, the service, or the operator's file. */
export type ChatTemplateOrigin = 'own' | 'builtin' | 'file';

/** The chat template of models that have none of their own. */
export interface FallbackTemplate {
  readonly origin: Exclude<ChatTemplateOrigin, 'own'>;
  /** Jinja. */
  readonly template: string;
  /** Where one comes, the answer is over. */
  readonly stopStrings: readonly string[];
}

/** Some fifty times the longest. */
const MAX_BYTES = 2 ** 20;

/**
 * What models without a chat template chat by, as the settings CHAT_TEMPLATE and CHAT_TEMPLATE_FILE say; undefined: they
 * do not chat.
 * @throws EngineError `config_invalid` for a file that is not named or cannot be read, or is named and not used
 */
export async function readFallbackTemplate(
  choice: 'builtin' | 'file' | 'refuse',
  path: string | undefined,
): Promise<FallbackTemplate | undefined> {
  if (choice !== 'file') {
    if (path !== undefined) {
      throw invalid(`CHAT_TEMPLATE_FILE is '${path}', but CHAT_TEMPLATE is ${choice}: set it to file`);
    }
    if (choice === 'refuse') return undefined;
    return { origin: 'builtin', template: BUILTIN_CHAT_TEMPLATE, stopStrings: BUILTIN_STOP_STRINGS };
  }
  if (path === undefined) {
    throw invalid('CHAT_TEMPLATE is file: name the file, a chat template in Jinja, in CHAT_TEMPLATE_FILE');
  }
  return { origin: 'file', template: await readTemplate(path), stopStrings: [] };
}

async function readTemplate(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES)
      throw new EngineError('config_invalid', `it has ${size} bytes, at most ${MAX_BYTES}`);
    return await readFile(path, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalid(`CHAT_TEMPLATE_FILE is '${path}', which cannot be read: ${reason}`, cause);
  }
}

const invalid = (message: string, cause?: unknown): EngineError =>
  new EngineError('config_invalid', message, { cause });

/**
 * A chat template for a model that has none: a base model, which was trained to go on with a text. It writes the
 * conversation as a dialogue, each turn behind its speaker's name, and ends behind the assistant's. Calls and results of
 * tools stand in it as JSON, so that nothing of a conversation is lost.
 */
const BUILTIN_CHAT_TEMPLATE =
  "{%- set names = {'system': 'System', 'developer': 'System', 'user': 'User', 'assistant': 'Assistant', 'tool': 'Tool'} %}" +
  '{%- for message in messages %}' +
  "{{- names[message.role] + ':' }}" +
  "{%- if message.content %}{{- ' ' + (message.content | trim) }}{%- endif %}" +
  '{%- if message.tool_calls %}{%- for call in message.tool_calls %}' +
  "{{- ' ' + ({'name': call.function.name, 'arguments': call.function.arguments} | tojson) }}" +
  '{%- endfor %}{%- endif %}' +
  "{{- '\\n' }}" +
  '{%- endfor %}' +
  "{%- if add_generation_prompt %}{{- 'Assistant:' }}{%- endif %}";

/** Where the model begins another turn, its answer is over: it would go on as the user. */
const BUILTIN_STOP_STRINGS: readonly string[] = ['\nUser:', '\nAssistant:', '\nSystem:', '\nTool:'];

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
