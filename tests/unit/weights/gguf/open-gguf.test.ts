import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openGguf } from '../../../../src/weights/gguf/open-gguf.ts';
import { fixturePath } from '../../../support/fixtures.ts';
import { tempDirectory } from '../../../support/temp-directory.ts';

/** Written by PyPI's `gguf`: see scripts/goldens/gguf_parts.py. */
const PARTS = fixturePath('gguf', 'parts');
const [FIRST, SECOND, THIRD] = [1, 2, 3].map((part) => `empty-first-0000${part}-of-00003.gguf`) as [
  string,
  string,
  string,
];
const OTHER_FIRST = 'tensors-first-00001-of-00002.gguf';

/** Writes a number over that of a key, which keeps its type: uint16, or int32 for the count of tensors. */
function setKey(path: string, key: string, value: number): void {
  const bytes = readFileSync(path);
  const at = bytes.indexOf(key) + key.length + 4;
  if (key === 'split.tensors.count') bytes.writeInt32LE(value, at);
  else bytes.writeUInt16LE(value, at);
  writeFileSync(path, bytes);
}

/** A copy of the parts, which a test may get wrong: by `path` of a part, and its first. */
function copyOfParts(): { path: (name: string) => string; first: string } {
  const folder = join(tempDirectory(), 'parts');
  cpSync(PARTS, folder, { recursive: true });
  return { path: (name) => join(folder, name), first: join(folder, FIRST) };
}

async function messageOf(path: string): Promise<string> {
  const error: unknown = await openGguf(path).then(
    (source) => source.close(),
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code: 'weights_invalid' });
  return String(error);
}

describe('openGguf', () => {
  it('opens the parts of a file, and has the metadata of the first', async () => {
    const source = await openGguf(join(PARTS, FIRST));
    const whole = await openGguf(fixturePath('gguf', 'tiny-gpt2-q8_0.gguf'));
    expect(new Set(source.entries.keys())).toEqual(new Set(whole.entries.keys()));
    for (const [key, value] of whole.metadata) expect(source.metadata.get(key)).toEqual(value);
    await expect(source.read('none')).rejects.toThrow(/none of its parts has a tensor "none"/);
    await source.close();
    await whole.close();
  });

  it.each<[string, (parts: ReturnType<typeof copyOfParts>) => void, RegExp]>([
    [
      'a part that is missing',
      ({ path }) => rmSync(path(THIRD)),
      /00003-of-00003.gguf, part 3 of 3, is missing/,
    ],
    [
      'parts that were swapped',
      ({ path }) => {
        renameSync(path(SECOND), path('x'));
        renameSync(path(THIRD), path(SECOND));
        renameSync(path('x'), path(THIRD));
      },
      /00002-of-00003.gguf: its split.no is 2 and must be 1: it was renamed/,
    ],
    [
      'a part of another model, by the count of parts',
      ({ path }) => cpSync(path('tensors-first-00002-of-00002.gguf'), path(SECOND)),
      /00002-of-00003.gguf: its split.count is 2 and must be 3: .* a part of another model/,
    ],
    [
      'a part of another model, by the count of tensors',
      ({ path }) => setKey(path(SECOND), 'split.tensors.count', 29),
      /00002-of-00003.gguf: its split.tensors.count is 29 and must be 28/,
    ],
    [
      'a part with the metadata of another model',
      ({ path }) => {
        cpSync(path(OTHER_FIRST), path(SECOND));
        setKey(path(SECOND), 'split.no', 1);
        setKey(path(SECOND), 'split.count', 3);
        const bytes = readFileSync(path(SECOND));
        bytes.write('gpt3', bytes.indexOf('gpt2'));
        writeFileSync(path(SECOND), bytes);
      },
      /00002-of-00003.gguf: it is a part of another model: its general.architecture is "gpt3", that of empty-first-00001-of-00003.gguf "gpt2"/,
    ],
    [
      'a tensor that two parts have',
      ({ path }) => {
        cpSync(path(SECOND), path(THIRD));
        setKey(path(THIRD), 'split.no', 2);
      },
      /00003-of-00003.gguf: it has tensor "[\w.]+", which empty-first-00002-of-00003.gguf has, too/,
    ],
    [
      'more tensors than are told of',
      ({ path }) => {
        for (const name of [FIRST, SECOND, THIRD]) setKey(path(name), 'split.tensors.count', 20);
      },
      /00001-of-00003.gguf: its split.tensors.count is 20, and its parts have 28 tensors/,
    ],
    [
      'fewer tensors than are told of',
      ({ path }) => {
        for (const name of [FIRST, SECOND, THIRD]) setKey(path(name), 'split.tensors.count', 30);
      },
      /00001-of-00003.gguf: its split.tensors.count is 30, and its parts have 28 tensors/,
    ],
    [
      'a count of tensors below zero',
      ({ path }) => setKey(path(FIRST), 'split.tensors.count', -1),
      /00001-of-00003.gguf: its split.tensors.count is -1, which is no count/,
    ],
    [
      'a part that is cut',
      ({ path }) => writeFileSync(path(THIRD), readFileSync(path(THIRD)).subarray(0, -64)),
      /00003-of-00003.gguf: tensor "[\w.]+": bytes \d+ to \d+ lie outside/,
    ],
    [
      'a whole file with the name of a part',
      ({ first }) => cpSync(fixturePath('gguf', 'tiny-gpt2-q8_0.gguf'), first),
      /00001-of-00003.gguf: its name says that it is a part, and it has no key split.no/,
    ],
    [
      'a link out of the directory',
      ({ path }) => {
        const elsewhere = join(tempDirectory(), 'elsewhere.gguf');
        renameSync(path(SECOND), elsewhere);
        symlinkSync(elsewhere, path(SECOND));
      },
      /00002-of-00003.gguf: it is a link out of the directory of the first part/,
    ],
  ])('refuses %s', async (_, spoil, message) => {
    const parts = copyOfParts();
    spoil(parts);
    expect(await messageOf(parts.first)).toMatch(message);
  });

  it('asks for the first part, and for names that tell the parts', async () => {
    const { path, first } = copyOfParts();
    expect(await messageOf(path(SECOND))).toMatch(
      /it is part 2 of 3; name the first, empty-first-00001-of-00003.gguf/,
    );
    renameSync(first, path('renamed.gguf'));
    expect(await messageOf(path('renamed.gguf'))).toMatch(
      /renamed.gguf: it is part 1 of 3, and its name does not say so/,
    );
  });

  it('follows links to files that lie beside each other, as those of the hub’s cache do', async () => {
    const { path } = copyOfParts();
    const links = join(tempDirectory(), 'snapshot', 'Q8_0');
    mkdirSync(links, { recursive: true });
    for (const name of [FIRST, SECOND, THIRD]) symlinkSync(path(name), join(links, name));
    const source = await openGguf(join(links, FIRST));
    expect(source.entries.size).toBe(28);
    await source.close();
  });
});
