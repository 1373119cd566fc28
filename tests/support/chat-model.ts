import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fixturePath, readJsonFixture } from './fixtures.ts';

/** Short, since the tiny model's context is: a line for each message, end-of-text between them. */
export const TINY_TEMPLATE =
  '{% for message in messages %}' +
  '{% if message.content == "shout" %}{{ raise_exception("no shouting, please") }}{% endif %}' +
  '{{ bos_token if loop.first }}{{ message.role[0] }}:{{ message.content }}\n' +
  '{% endfor %}{% if add_generation_prompt %}a:{% endif %}';

/** A line for each message, with its reasoning and its calls. */
export const TRANSCRIPT_TEMPLATE =
  '{% for m in messages %}{{ m.role[0] }}:{{ m.content }}' +
  '{% if m.reasoning_content %}({{ m.reasoning_content }}){% endif %}' +
  '{% for c in m.tool_calls or [] %}[{{ c.function.name }} {{ c.function.arguments | tojson }}]{% endfor %}' +
  '{{ "\\n" }}{% endfor %}a:';

export interface ChatModel {
  /** A model directory. */
  path: string;
  remove(): void;
}

interface ChatModelOptions {
  addsBos?: boolean;
  /** What the template may write, by name. */
  specialTokens?: Record<string, string>;
}

const SPECIAL_TOKENS = { bos_token: '<|endoftext|>' };

/** Begins every text that is not told otherwise with end-of-text, as Llama's begins it with its BOS. */
const POST_PROCESSOR = {
  type: 'TemplateProcessing',
  single: [{ SpecialToken: { id: '<|endoftext|>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
  pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
  special_tokens: { '<|endoftext|>': { id: '<|endoftext|>', ids: [0], tokens: ['<|endoftext|>'] } },
};

interface EmbeddedModelOptions {
  /** Words that are one token each beside those of the vocabulary; the weights have no rows for them. */
  addedWords?: readonly string[];
}

/** The embedded model, which speaks English and has room for a conversation, with a chat template in a folder of its own. */
export function makeEmbeddedChatModel(
  template: string = TINY_TEMPLATE,
  options: EmbeddedModelOptions = {},
): ChatModel {
  return withTemplate(copyEmbeddedModel(options), template, SPECIAL_TOKENS);
}

/** The embedded model without its chat template, in a folder of its own. */
export function makeEmbeddedBaseModel(options: EmbeddedModelOptions = {}): ChatModel {
  const path = copyEmbeddedModel(options);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

interface TokenizerFile {
  added_tokens: object[];
  model: { vocab: Record<string, number> };
}

function copyEmbeddedModel({ addedWords = [] }: EmbeddedModelOptions): string {
  const path = mkdtempSync(join(tmpdir(), 'tokenflare-embedded-'));
  const source = (file: string): string =>
    fileURLToPath(new URL(`../../model-weights/${file}`, import.meta.url));
  for (const file of ['config.json', 'model.safetensors']) cpSync(source(file), join(path, file));
  const tokenizer = JSON.parse(readFileSync(source('tokenizer.json'), 'utf8')) as TokenizerFile;
  const firstId = Object.keys(tokenizer.model.vocab).length;
  const added = addedWords.map((content, i) => ({
    id: firstId + i,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: false,
  }));
  tokenizer.added_tokens.push(...added);
  writeFileSync(join(path, 'tokenizer.json'), JSON.stringify(tokenizer));
  return path;
}

/** The tiny GPT-2 with a chat template of its own, in a folder of its own; `addsBos`: its tokenizer adds one, too. */
export function makeChatModel(
  template: string = TINY_TEMPLATE,
  { addsBos = false, specialTokens = SPECIAL_TOKENS }: ChatModelOptions = {},
): ChatModel {
  const path = mkdtempSync(join(tmpdir(), 'tokenflare-chat-'));
  for (const file of ['config.json', 'model.safetensors']) {
    cpSync(fixturePath('tiny-gpt2', file), join(path, file));
  }
  const tokenizer = readJsonFixture('tiny-gpt2', 'tokenizer.json') as object;
  writeFileSync(
    join(path, 'tokenizer.json'),
    JSON.stringify({ ...tokenizer, ...(addsBos ? { post_processor: POST_PROCESSOR } : {}) }),
  );
  return withTemplate(path, template, specialTokens);
}

function withTemplate(path: string, template: string, specialTokens: Record<string, string>): ChatModel {
  const tokenizerConfig = { ...specialTokens, chat_template: template };
  writeFileSync(join(path, 'tokenizer_config.json'), JSON.stringify(tokenizerConfig));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
