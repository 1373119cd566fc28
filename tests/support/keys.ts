import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKey, type NewKey } from '../../src/access/edit-keys.ts';

/** A key file of a test's own. */
export class KeyFile {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tokenflare-keys-'));
  readonly path = join(this.#folder, 'keys.json');

  /** The text of a new key. */
  async create(name: string, newKey: Partial<NewKey> = {}): Promise<string> {
    const common = { isAdmin: false, limits: {}, models: undefined, expiresAt: undefined };
    return (await createKey(this.path, { name, ...common, ...newKey })).text;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export const bearer = (key: string): { authorization: string } => ({ authorization: `Bearer ${key}` });
