import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSafetensors } from '../../../src/weights/sharded-safetensors.ts';
import { writeSafetensors, type NamedTensor } from '../../../src/weights/write-safetensors.ts';
import { fixturePath } from '../../support/fixtures.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

const INDEX = 'model.safetensors.index.json';
const FIRST = 'model-00001-of-00002.safetensors';
const SECOND = 'model-00002-of-00002.safetensors';
const TENSORS: readonly NamedTensor[] = ['a', 'b', 'c'].map((name, i) => ({
  name,
  shape: [2],
  values: Float32Array.of(i, i + 0.5),
}));

/** A directory of two shards, `a` and `b` in the first, `c` in the second, and the index given. */
async function shardedDirectory(weightMap: unknown = { a: FIRST, b: FIRST, c: SECOND }): Promise<string> {
  const directory = join(tempDirectory(), 'model');
  mkdirSync(directory);
  await writeSafetensors(join(directory, FIRST), TENSORS.slice(0, 2));
  await writeSafetensors(join(directory, SECOND), TENSORS.slice(2));
  writeFileSync(join(directory, INDEX), JSON.stringify({ metadata: {}, weight_map: weightMap }));
  return directory;
}

describe('openSafetensors', () => {
  it('reads every tensor from its shard', async () => {
    const source = await openSafetensors(await shardedDirectory());
    expect([...source.entries.keys()]).toEqual(['a', 'b', 'c']);
    for (const { name, values } of TENSORS) expect(await source.read(name)).toEqual(values);
    await expect(source.read('d')).rejects.toMatchObject({ code: 'weights_invalid' });
    await source.close();
  });

  it('takes the single file where both are there, as transformers does', async () => {
    const directory = await shardedDirectory();
    cpSync(fixturePath('tiny-gpt2', 'model.safetensors'), join(directory, 'model.safetensors'));
    const source = await openSafetensors(directory);
    expect(source.path).toBe(join(directory, 'model.safetensors'));
    await source.close();
  });

  it.each<[string, unknown, RegExp]>([
    [
      'a shard that is missing',
      { a: FIRST, b: FIRST, c: 'model-00003.safetensors' },
      /tensor "c", "model-00003.safetensors", is missing/,
    ],
    [
      'a tensor that its shard lacks',
      { a: FIRST, b: SECOND, c: SECOND },
      /tensor "b" is not in "model-00002-of-00002.safetensors"/,
    ],
    [
      'a tensor that nobody lists',
      { a: FIRST, c: SECOND },
      /"model-00001-of-00002.safetensors" holds tensor "b"/,
    ],
    [
      'a shard above the directory',
      { a: `../model/../${FIRST}`, b: FIRST, c: SECOND },
      /tensor "a", ".*", lies outside/,
    ],
    [
      'a shard by an absolute path',
      { a: '/dev/zero', b: FIRST, c: SECOND },
      /tensor "a", "\/dev\/zero", lies outside/,
    ],
    ['a shard that is no name', { a: 5 }, /shard of tensor "a" is not a file name/],
    ['a map that is a list', [FIRST], /no "weight_map" object/],
    ['an empty map', {}, /names no tensor/],
  ])('refuses %s', async (_, weightMap, message) => {
    const directory = await shardedDirectory(weightMap);
    const error: unknown = await openSafetensors(directory).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'weights_invalid' });
    expect(String(error)).toMatch(message);
    expect(String(error)).toContain(join(directory, INDEX));
  });

  it('refuses a shard that is a link out of the directory, and follows one within', async () => {
    const directory = await shardedDirectory({ a: FIRST, b: FIRST, c: 'link' });
    symlinkSync(SECOND, join(directory, 'link'));
    const source = await openSafetensors(directory);
    expect(await source.read('c')).toEqual(TENSORS[2]?.values);
    await source.close();

    const outside = join(directory, '..', 'outside.safetensors');
    cpSync(join(directory, SECOND), outside);
    rmSync(join(directory, 'link'));
    symlinkSync(outside, join(directory, 'link'));
    await expect(openSafetensors(directory)).rejects.toThrow(
      /tensor "c", "link", is a link out of the directory/,
    );
  });

  it('names the shard that is cut, and an index that is not JSON', async () => {
    const directory = await shardedDirectory();
    const path = join(directory, SECOND);
    writeFileSync(path, readFileSync(path).subarray(0, -4));
    await expect(openSafetensors(directory)).rejects.toThrow(path);
    writeFileSync(join(directory, INDEX), '{');
    await expect(openSafetensors(directory)).rejects.toThrow(join(directory, INDEX));
  });
});
