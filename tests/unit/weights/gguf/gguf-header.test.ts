import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readGgufHeader } from '../../../../src/weights/gguf/gguf-header.ts';
import { GgufReader } from '../../../../src/weights/gguf/gguf-reader.ts';
import { tempDirectory } from '../../../support/temp-directory.ts';
import { ggufFile, listPair, stringPair, text, u32, u32Pair, u64, type FileSpec } from './gguf-bytes.ts';

const Q4_0 = 2;

function fileOf(contents: Buffer | FileSpec): string {
  const path = join(tempDirectory(), 'model.gguf');
  writeFileSync(path, Buffer.isBuffer(contents) ? contents : ggufFile(contents));
  return path;
}

const vector = (name: string, offset: number) => ({ name, shape: [8], offset });

describe('readGgufHeader', () => {
  it('reads metadata, and tensors with their axes turned round', async () => {
    const path = fileOf({
      pairs: [
        stringPair('general.architecture', 'gpt2'),
        u32Pair('general.alignment', 64),
        listPair('words', 8, 2, Buffer.concat([text('a'), text('\u00e9')])),
      ],
      tensors: [
        { name: 'matrix', shape: [32, 2], type: Q4_0, offset: 0 },
        { name: 'vector', shape: [8], offset: 64 },
      ],
      dataBytes: 128,
    });
    const { metadata, tensors, dataStart } = await readGgufHeader(path);
    expect(metadata.get('general.architecture')).toBe('gpt2');
    expect(metadata.get('words')).toEqual(['a', '\u00e9']);
    expect(dataStart % 64).toBe(0);
    expect([...tensors.values()]).toEqual([
      { name: 'matrix', dtype: 'Q4_0', shape: [2, 32], byteStart: 0, byteEnd: 36 },
      { name: 'vector', dtype: 'F32', shape: [8], byteStart: 64, byteEnd: 96 },
    ]);
  });

  it('reads a header of several ranges of the parser', async () => {
    const words = Array.from({ length: 300_000 }, (_, i) => `word ${i}`);
    const list = listPair('words', 8, words.length, Buffer.concat(words.map(text)));
    const { metadata } = await readGgufHeader(fileOf({ pairs: [list, u32Pair('last', 7)] }));
    expect(metadata.get('words')).toEqual(words);
    expect(metadata.get('last')).toBe(7);
  });

  it.each<[string, Buffer | FileSpec, RegExp]>([
    ['an empty file', Buffer.alloc(0), /0 bytes are too few/],
    ['another magic', { magic: 'GGML' }, /does not begin with "GGUF"/],
    ['a version of its own', { version: 4 }, /version 4 is not supported; supported: 2, 3/],
    ['big-endian', { version: 3 << 24 }, /version 3, big-endian, is not supported/],
    ['2^60 tensors', { numTensors: 1n << 60n }, /claims 1152921504606846976 tensors/],
    ['2^60 keys', { numPairs: 1n << 60n }, /claims 0 tensors and 1152921504606846976 keys/],
    ['more tensors than bytes', { numTensors: 99_999n }, /which a file of \d+ bytes cannot hold/],
    [
      'a list of 2^60',
      { pairs: [listPair('x', 8, 1n << 60n, Buffer.alloc(64))] },
      /length 1152921504606846976/,
    ],
    [
      'a string of 2^60',
      { pairs: [Buffer.concat([text('x'), u32(8), u64(1n << 60n)])] },
      /String length 1152921504606846976/,
    ],
    [
      'a string longer than the file',
      { pairs: [Buffer.concat([text('x'), u32(8), u64(500_000)])] },
      /is it cut\?/,
    ],
    ['a type of its own', { pairs: [Buffer.concat([text('x'), u32(77)])] }, /Unsupported metadata type: 77/],
    [
      'a list of lists',
      { pairs: [listPair('x', 9, 1, Buffer.concat([u32(4), u64(1), u32(1)])), u32Pair('y', 1)] },
      /metadata cannot be read whole/,
    ],
    ['a key used twice', { pairs: [u32Pair('x', 1), u32Pair('x', 1)] }, /metadata cannot be read whole/],
    [
      'a string that is no UTF-8',
      { pairs: [stringPair('x', Buffer.of(0xff))] },
      /metadata cannot be read whole/,
    ],
    ['an alignment of 3', { pairs: [u32Pair('general.alignment', 3)] }, /general.alignment is 3/],
    ['an alignment of 0', { pairs: [u32Pair('general.alignment', 0)] }, /general.alignment/],
    [
      'overlap',
      { tensors: [vector('a', 0), { ...vector('b', 0) }], dataBytes: 64 },
      /tensor "b": it overlaps "a"/,
    ],
    ['a crooked offset', { tensors: [vector('a', 4)], dataBytes: 64 }, /tensor "a": its offset 4/],
    [
      'a cut file',
      { tensors: [vector('a', 0), vector('b', 32)], dataBytes: 60 },
      /tensor "b": bytes 32 to 64 lie/,
    ],
    [
      'an offset of 2^60',
      { tensors: [{ ...vector('a', 0), offset: 1n << 60n }], dataBytes: 64 },
      /"a": bytes/,
    ],
    [
      'a name used twice',
      { tensors: [vector('a', 0), vector('a', 32)], dataBytes: 64 },
      /its name is used twice/,
    ],
    [
      'an unknown format',
      { tensors: [{ ...vector('a', 0), type: 16 }], dataBytes: 64 },
      /number 16 .* supported: F32,/,
    ],
    [
      'half a block',
      { tensors: [{ ...vector('a', 0), type: Q4_0 }], dataBytes: 64 },
      /no whole blocks of 32, as Q4_0/,
    ],
    [
      'five axes',
      { tensors: [{ ...vector('a', 0), shape: [1, 1, 1, 1, 1] }], dataBytes: 64 },
      /is not one of 1 to 4/,
    ],
    ['no axis', { tensors: [{ ...vector('a', 0), shape: [] }], dataBytes: 64 }, /is not one of 1 to 4/],
    [
      'an empty axis',
      { tensors: [{ ...vector('a', 0), shape: [0] }], dataBytes: 64 },
      /is not one of 1 to 4/,
    ],
    [
      'a huge shape',
      { tensors: [{ name: 'a', shape: [1 << 30, 1 << 30, 8] }], dataBytes: 64 },
      /tensor "a": its shape/,
    ],
    [
      'an axis of 2^60',
      { tensors: [{ name: 'a', shape: [1n << 60n] }], dataBytes: 64 },
      /1152921504606846976/,
    ],
  ])('refuses %s', async (_, contents, message) => {
    const path = fileOf(contents);
    const error: unknown = await readGgufHeader(path).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'weights_invalid' });
    expect(String(error)).toMatch(message);
    expect(String(error)).toContain(path);
  });

  it('keeps byte order marks, and strings across the end of a range, both of which the parser loses', async () => {
    const listStart = 24 + 9 + 4 + 4 + 8;
    const first = 'a'.repeat(1_999_950 - listStart - 8);
    const words = [first, '\u00e9'.repeat(50)];
    const marked = ['\uFEFF', '\uFEFFusing', 'using', 'us\uFEFFing', ''];
    const path = fileOf({
      pairs: [
        listPair('x', 8, 2, Buffer.concat(words.map(text))),
        listPair('numbers', 4, 2, Buffer.concat([u32(1), u32(2)])),
        listPair('marked', 8, marked.length, Buffer.concat(marked.map(text))),
        u32Pair('number', 7),
        stringPair('name', '\uFEFFname'),
      ],
    });
    const { metadata } = await readGgufHeader(path);
    expect(Object.fromEntries(metadata)).toEqual({
      x: words,
      numbers: [1, 2],
      marked,
      number: 7,
      name: '\uFEFFname',
    });
  });

  it('refuses a header cut anywhere', async () => {
    const whole = ggufFile({
      pairs: [stringPair('general.name', 'a name'), listPair('words', 8, 1, text('word'))],
      tensors: [vector('a', 0)],
      dataBytes: 32,
    });
    for (let length = 0; length < whole.length; length += 3) {
      await expect(readGgufHeader(fileOf(whole.subarray(0, length)))).rejects.toMatchObject({
        code: 'weights_invalid',
      });
    }
  });

  it('refuses a file that is not there, and what is no file: a pipe would keep it waiting', async () => {
    const folder = tempDirectory();
    for (const [path, reason] of [
      [join(folder, 'none.gguf'), /cannot open .*ENOENT/],
      [folder, /it is not a file/],
      ['/dev/zero', /it is not a file/],
    ] as const) {
      const error: unknown = await readGgufHeader(path).catch((cause: unknown) => cause);
      expect(error).toMatchObject({ code: 'weights_invalid' });
      expect(String(error)).toMatch(reason);
    }
  });
});

describe('GgufReader', () => {
  it('reads a tensor longer than one chunk', async () => {
    const length = (1 << 19) + 32;
    const bytes = ggufFile({ tensors: [{ name: 'long', shape: [32, length / 32], type: 8 }] });
    const blocks = Buffer.alloc((length / 32) * 34);
    for (let block = 0; block < length / 32; block++) {
      blocks.writeUInt16LE(0x3c00, block * 34); // a scale of 1
      for (let i = 0; i < 32; i++) blocks.writeInt8(((block + i) % 255) - 127, block * 34 + 2 + i);
    }
    const reader = await GgufReader.open(fileOf(Buffer.concat([bytes, blocks])));
    const values = await reader.read('long'); // [length / 32, 32]
    await expect(reader.read('short')).rejects.toThrow(/has no tensor "short"/);
    await reader.close();
    expect(values).toEqual(Float32Array.from({ length }, (_, i) => (((i >> 5) + (i & 31)) % 255) - 127));
  });
});
