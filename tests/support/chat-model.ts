import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixturePath } from './fixtures.ts';

/** Short, since the tiny model's context is: a line for each message, end-of-text between them. */
export const TINY_TEMPLATE =
  '{% for message in messages %}' +
  '{% if message.role == "tool" %}{{ raise_exception("no tools, please") }}{% endif %}' +
  '{{ bos_token if loop.first }}{{ message.role[0] }}:{{ message.content }}\n' +
  '{% endfor %}{% if add_generation_prompt %}a:{% endif %}';

export interface ChatModel {
  /** A model directory. */
  path: string;
  remove(): void;
}

/** The tiny GPT-2 with a chat template of its own, in a folder of its own. */
export function makeChatModel(template: string = TINY_TEMPLATE, config: object = {}): ChatModel {
  const path = mkdtempSync(join(tmpdir(), 'tokenflare-chat-'));
  for (const file of ['config.json', 'model.safetensors', 'tokenizer.json']) {
    cpSync(fixturePath('tiny-gpt2', file), join(path, file));
  }
  const tokenizerConfig = { bos_token: '<|endoftext|>', chat_template: template, ...config };
  writeFileSync(join(path, 'tokenizer_config.json'), JSON.stringify(tokenizerConfig));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
