import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filesDigest } from '../../../src/weights/files-digest.ts';

let directory = '';
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'digest-'))));
afterEach(() => rmSync(directory, { recursive: true }));

const write = (name: string, content: string | Uint8Array): void =>
  writeFileSync(join(directory, name), content);

function writeModel(): void {
  write('config.json', '{"model_type": "gpt2"}');
  write('tokenizer.json', '{}');
  write('model.safetensors', new Uint8Array(100).fill(7));
}

describe('filesDigest', () => {
  it('is the same for the same files, whatever lies beside them', async () => {
    writeModel();
    const before = await filesDigest(directory);
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    write('notes.md', 'of no model');
    expect(await filesDigest(directory)).toBe(before);
  });

  it.each([
    ['a byte of the configuration', 'config.json', '{"model_type": "gpt3"}'],
    ['a byte of the tokenizer', 'tokenizer.json', '[]'],
    ['a byte of the weights', 'model.safetensors', new Uint8Array(100).fill(7, 0, 99)],
    ['defaults of sampling', 'generation_config.json', '{"temperature": 0.5}'],
    ['a template', 'chat_template.jinja', '{{ messages }}'],
  ])('changes with %s', async (_, name, content) => {
    writeModel();
    const before = await filesDigest(directory);
    write(name, content);
    expect(await filesDigest(directory)).not.toBe(before);
  });

  it('changes with a megabyte of weights that are too large to be read whole, and with their last byte', async () => {
    const weights = new Uint8Array(64 * 2 ** 20);
    write('model.gguf', weights);
    const path = join(directory, 'model.gguf');
    const before = await filesDigest(path);
    write('model.gguf', weights.fill(1, 37_000_000, 38_000_000));
    const after = await filesDigest(path);
    expect(after).not.toBe(before);
    weights[weights.length - 1] = 1;
    write('model.gguf', weights);
    expect(await filesDigest(path)).not.toBe(after);
  });

  it('follows no link out of the directory', async () => {
    writeModel();
    const before = await filesDigest(directory);
    symlinkSync('/etc/passwd', join(directory, 'vocab.txt'));
    expect(await filesDigest(directory)).toBe(before);
  });

  it('is of all parts of a GGUF file, named by the first', async () => {
    write('m-00001-of-00002.gguf', 'GGUF');
    write('m-00002-of-00002.gguf', 'GGUF');
    const first = join(directory, 'm-00001-of-00002.gguf');
    const before = await filesDigest(first);
    write('m-00002-of-00002.gguf', 'GGUG');
    expect(await filesDigest(first)).not.toBe(before);
  });

  it('is of the one GGUF file alone', async () => {
    write('model.gguf', 'GGUF');
    const before = await filesDigest(join(directory, 'model.gguf'));
    write('other.gguf', 'GGUF');
    expect(await filesDigest(join(directory, 'model.gguf'))).toBe(before);
  });
});
