import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeEmbeddedChatModel, type ChatModel } from '../../tests/support/chat-model.ts';

/**
 * Two kinds of conversations make work: one that begins with 'slow' takes the template about half a second, one that
 * begins with 'for ever' does not end.
 */
const TEMPLATE =
  '{% set first = messages[0].content %}' +
  '{% if first == "slow" %}{% for i in range(40000) %}{% set x = i * i %}{% endfor %}{% endif %}' +
  '{% if first == "for ever" %}{% for i in range(100000) %}{% for j in range(100000) %}' +
  '{% set x = i * j %}{% endfor %}{% endfor %}{% endif %}' +
  '{% for message in messages %}{{ message.role[0] }}:{{ message.content }}\n{% endfor %}a:';

/** What the cases need on disk, made once and removed at the end. */
export class Fixtures {
  readonly #directory = mkdtempSync(join(tmpdir(), 'tokenflare-chaos-'));
  readonly #model: ChatModel = makeEmbeddedChatModel();
  #numDirectories = 0;

  constructor() {
    this.writeTemplate(TEMPLATE);
  }

  /** The embedded model with a chat template. */
  get chatModel(): string {
    return this.#model.path;
  }

  /** An empty directory. */
  directory(): string {
    const path = join(this.#directory, String(this.#numDirectories++));
    mkdirSync(path);
    return path;
  }

  remove(): void {
    this.#model.remove();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  private writeTemplate(template: string): void {
    const config = { bos_token: '<|endoftext|>', chat_template: template };
    writeFileSync(join(this.#model.path, 'tokenizer_config.json'), JSON.stringify(config));
  }
}
