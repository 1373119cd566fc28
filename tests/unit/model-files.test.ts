import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadEndTokens } from '../../src/engine/client/model-files/read-model-files.ts';
import { loadTokenizer } from '../../src/text/load-tokenizer.ts';
import { readModelText } from '../../src/model-files.ts';
import { OpenModel } from '../../src/model/load-model.ts';
import { fixturePath } from '../support/fixtures.ts';
import { tempDirectory } from '../support/temp-directory.ts';

/** A copy of the tiny model in a folder of its own. */
function tinyModel(...folders: string[]): string {
  const directory = join(tempDirectory(), ...folders, 'model');
  cpSync(fixturePath('tiny-gpt2'), directory, { recursive: true });
  return directory;
}

/** All that reads a model's files. */
async function readAll(directory: string): Promise<void> {
  await (await OpenModel.open(directory)).close();
  await loadEndTokens(directory, [], await loadTokenizer(directory));
}

/** Puts the file elsewhere, or what is written, and a link to it in its place. */
function linkOut(directory: string, name: string, target: string, content = '{}'): void {
  const path = join(directory, name);
  try {
    renameSync(path, target);
  } catch {
    writeFileSync(target, content);
  }
  mkdirSync(join(path, '..'), { recursive: true });
  symlinkSync(target, path);
}

describe("the files of a model's directory", () => {
  it.each([
    'config.json',
    'model.safetensors',
    'tokenizer.json',
    'tokenizer_config.json',
    'special_tokens_map.json',
    'generation_config.json',
    'chat_template.jinja',
    'additional_chat_templates/default.jinja',
  ])('are not read through a link out of it: %s', async (name) => {
    const directory = tinyModel();
    await readAll(directory);
    linkOut(directory, name, join(directory, '..', 'outside'));
    await expect(readAll(directory)).rejects.toMatchObject({
      name: 'EngineError',
      message: expect.stringContaining(`${join(directory, name)} is a link out of the directory`) as unknown,
    });
  });

  it('are not read from a folder that is a link out of it', async () => {
    const directory = tinyModel();
    const outside = join(directory, '..', 'templates');
    mkdirSync(outside);
    writeFileSync(join(outside, 'default.jinja'), 'x');
    symlinkSync(outside, join(directory, 'additional_chat_templates'));
    await expect(readAll(directory)).rejects.toThrow(/default.jinja is a link out of the directory/);
  });

  it('are read through links within it, and through one to the directory itself', async () => {
    const directory = tinyModel();
    linkOut(directory, 'config.json', join(directory, 'config-there.json'));
    linkOut(directory, 'model.safetensors', join(directory, '..weights'));
    const link = `${directory}-link`;
    symlinkSync(directory, link);
    await readAll(link);
  });

  it("are read from a snapshot of the hub's cache, which links to its blobs and nowhere else", async () => {
    const directory = tinyModel('models--o--tiny', 'snapshots');
    const [cache] = [join(directory, '..', '..')];
    mkdirSync(join(cache, 'blobs'));
    for (const name of ['config.json', 'model.safetensors', 'tokenizer.json'])
      linkOut(directory, name, join(cache, 'blobs', name));
    await readAll(directory);
    renameSync(join(cache, 'blobs', 'config.json'), join(cache, 'config.json'));
    rmSync(join(directory, 'config.json'));
    symlinkSync(join(cache, 'config.json'), join(directory, 'config.json'));
    await expect(readAll(directory)).rejects.toThrow(/config.json is a link out of the directory/);
  });

  it.each(['config.json', 'model.safetensors', 'tokenizer.json', 'chat_template.jinja'])(
    'are files: %s as a folder or as a pipe, which is not waited for',
    async (name) => {
      const directory = tinyModel();
      rmSync(join(directory, name), { force: true });
      mkdirSync(join(directory, name));
      await expect(readAll(directory)).rejects.toThrow(`${join(directory, name)} is not a file`);
      rmSync(join(directory, name), { recursive: true });
      execFileSync('mkfifo', [join(directory, name)]);
      await expect(readAll(directory)).rejects.toThrow(`${join(directory, name)} is not a file`);
    },
  );

  it('may be missing, as one that a link does not find is', async () => {
    const directory = tempDirectory();
    symlinkSync(join(directory, 'gone'), join(directory, 'link'));
    expect(await readModelText(directory, 'link')).toBeUndefined();
    expect(await readModelText(directory, 'none')).toBeUndefined();
    expect(await readModelText(join(directory, 'none'), 'none')).toBeUndefined();
    await expect(OpenModel.open(directory)).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining(`there is no ${join(directory, 'config.json')}`) as unknown,
    });
  });

  it('are not read whole when no text can be so long', async () => {
    const directory = tinyModel();
    truncateSync(join(directory, 'config.json'), 2 ** 32);
    await expect(OpenModel.open(directory)).rejects.toThrow(
      /it has 4294967296 bytes; at most 100000000 are read/,
    );
  });

  it('are read as they are', async () => {
    const text = readFileSync(fixturePath('tiny-gpt2', 'config.json'), 'utf8');
    expect(await readModelText(fixturePath('tiny-gpt2'), 'config.json')).toBe(text);
  });
});
