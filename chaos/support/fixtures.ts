import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeChainModel } from '../../tests/support/chain-model.ts';
import { makeEmbeddedChatModel, type ChatModel } from '../../tests/support/chat-model.ts';
import { publishedTemplate, TOOL_GOLDENS } from '../../tests/support/published-templates.ts';
import { RedisUnderTest } from './redis.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Two kinds of conversations make work: one that begins with 'slow' takes the template about half a second, one that
 * begins with 'for ever' does not end. One that begins with 'quote' is refused with its own text.
 */
const TEMPLATE =
  '{% set first = messages[0].content %}' +
  '{% if first is string and first[:5] == "quote" %}{{ raise_exception("not this: " ~ first) }}{% endif %}' +
  '{% if first == "slow" %}{% for i in range(40000) %}{% set x = i * i %}{% endfor %}{% endif %}' +
  '{% if first == "for ever" %}{% for i in range(100000) %}{% for j in range(100000) %}' +
  '{% set x = i * j %}{% endfor %}{% endfor %}{% endif %}' +
  '{% for message in messages %}{{ message.role[0] }}:{{ message.content }}\n{% endfor %}a:';

/** What the cases need on disk, made once and removed at the end. */
export class Fixtures {
  readonly #directory = mkdtempSync(join(tmpdir(), 'tokenflare-chaos-'));
  readonly #model: ChatModel = makeEmbeddedChatModel();
  readonly #keys = new Map<string, string>();
  #numDirectories = 0;
  readonly keysFile: string;
  readonly redis: RedisUnderTest;

  constructor() {
    this.#writeTemplate(TEMPLATE);
    this.keysFile = join(this.directory(), 'keys.json');
    this.redis = new RedisUnderTest(this.directory());
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

  /** The API key of that name, made by `tokenflare keys` when it is first asked for. @throws Error when that fails */
  key(name: string, flags: readonly string[] = []): string {
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ['dist/src/cli/main.js', 'keys', 'create', name, ...flags],
      { cwd: ROOT, env: { ...process.env, KEYS_FILE: this.keysFile }, encoding: 'utf8' },
    );
    if (status !== 0)
      throw new Error(
        `tokenflare keys failed: ${/^.*Error.*$/m.exec(stderr)?.[0] ?? stderr.trim().slice(-200)}`,
      );
    this.#keys.set(name, stdout.trim());
    return stdout.trim();
  }

  /** A folder with a model for each family of templates: a small one with a long context, called as its family. */
  async familyModels(families: readonly string[]): Promise<string> {
    const folder = this.directory();
    for (const family of families) {
      const path = join(folder, family);
      await writeChainModel(path);
      const config = { ...TOOL_GOLDENS.specialTokens, chat_template: publishedTemplate(family) };
      writeFileSync(join(path, 'tokenizer_config.json'), JSON.stringify(config));
    }
    return folder;
  }

  async remove(): Promise<void> {
    await this.redis.kill();
    this.#model.remove();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #writeTemplate(template: string): void {
    const config = { bos_token: '<|endoftext|>', chat_template: template };
    writeFileSync(join(this.#model.path, 'tokenizer_config.json'), JSON.stringify(config));
  }
}
