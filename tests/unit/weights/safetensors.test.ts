import { readFileSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SafetensorsReader } from '../../../src/weights/safetensors-reader.ts';
import { writeSafetensors, type NamedTensor } from '../../../src/weights/write-safetensors.ts';
import { fixturePath } from '../../support/fixtures.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

const TENSORS: NamedTensor[] = [
  { name: 'matrix', shape: [2, 3], values: Float32Array.of(1, -2, 0.5, 65504, 2 ** -14, 0) },
  { name: 'empty', shape: [0, 4], values: new Float32Array() },
  { name: 'scalar', shape: [], values: Float32Array.of(3) },
  { name: 'constructor', shape: [1], values: Float32Array.of(4) },
];

/** A file of that header and so many bytes of data. */
function fileOf(header: unknown, dataBytes: number): string {
  const json = typeof header === 'string' ? header : JSON.stringify(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(json)));
  const path = join(tempDirectory(), 'model.safetensors');
  writeFileSync(path, Buffer.concat([length, Buffer.from(json), Buffer.alloc(dataBytes)]));
  return path;
}

async function readAll(path: string): Promise<Record<string, Float32Array>> {
  const reader = await SafetensorsReader.open(path);
  const tensors: Record<string, Float32Array> = {};
  for (const name of reader.entries.keys()) tensors[name] = await reader.read(name);
  await reader.close();
  return tensors;
}

describe('writeSafetensors', () => {
  it.each(['F32', 'F16'] as const)('writes what the reader reads back, as %s', async (dtype) => {
    const path = join(tempDirectory(), 'model.safetensors');
    await writeSafetensors(path, TENSORS, dtype);
    const reader = await SafetensorsReader.open(path);
    expect([...reader.entries.values()].map(({ name, shape }) => ({ name, shape }))).toEqual(
      TENSORS.map(({ name, shape }) => ({ name, shape })),
    );
    for (const { name, values } of TENSORS) expect(await reader.read(name)).toEqual(values);
    await reader.close();
  });

  it('writes the bytes that the Python library writes', async () => {
    const source = fixturePath('gpt2-variants', 'tied-bf16-head-dim-10', 'expected.safetensors');
    const reader = await SafetensorsReader.open(source);
    const inFileOrder = [...reader.entries.values()].toSorted((a, b) => a.byteStart - b.byteStart);
    const tensors: NamedTensor[] = [];
    for (const { name, shape } of inFileOrder) tensors.push({ name, shape, values: await reader.read(name) });
    await reader.close();
    const copy = join(tempDirectory(), 'copy.safetensors');
    await writeSafetensors(copy, tensors, 'F32', {});
    const [ours, theirs] = [copy, source].map(splitFile);
    expect(ours?.data.equals(theirs?.data ?? Buffer.alloc(0))).toBe(true);
    expect(ours?.header).toEqual({ __metadata__: {}, ...theirs?.header });
  });

  it('leaves nothing behind when a tensor does not fit its shape', async () => {
    const folder = tempDirectory();
    const bad = { name: 'bad', shape: [2, 2], values: new Float32Array(3) };
    await expect(writeSafetensors(join(folder, 'x.safetensors'), [bad])).rejects.toThrow(/"bad"/);
    expect(await readdir(folder)).toEqual([]);
  });

  it('refuses a name used twice', async () => {
    const twice = [...TENSORS, ...TENSORS.slice(0, 1)];
    await expect(writeSafetensors(join(tempDirectory(), 'x.safetensors'), twice)).rejects.toThrow(/"matrix"/);
  });
});

describe('SafetensorsReader', () => {
  const f32 = (start: number, end: number, shape = [(end - start) / 4]) => ({
    dtype: 'F32',
    shape,
    data_offsets: [start, end],
  });

  it('reads tensors in whatever order the header lists them', async () => {
    const tensors = await readAll(fileOf({ b: f32(8, 12), a: f32(0, 8) }, 12));
    expect(Object.keys(tensors)).toEqual(['b', 'a']);
    expect(tensors['a']).toEqual(new Float32Array(2));
  });

  it('lists a tensor of another dtype but does not read it', async () => {
    const reader = await SafetensorsReader.open(
      fileOf({ ids: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } }, 8),
    );
    await expect(reader.read('ids')).rejects.toMatchObject({
      code: 'weights_invalid',
      message: 'tensor "ids" is stored as I64; supported: F32, F16, BF16',
    });
    await expect(reader.read('other')).rejects.toThrow(/has no tensor "other"/);
    await reader.close();
  });

  it.each([
    ['overlapping tensors', { a: f32(0, 8), b: f32(4, 12) }, 12, /tensor "b": it overlaps/],
    ['a gap', { a: f32(0, 8), b: f32(12, 16) }, 16, /tensor "b": 4 bytes before it/],
    ['data that nobody claims', { a: f32(0, 8) }, 12, /last 4 bytes/],
    ['a cut file', { a: f32(0, 8), b: f32(8, 16) }, 12, /tensor "b": bytes 8 to 16 lie outside the 12 bytes/],
    [
      'a size that contradicts the shape',
      { a: f32(0, 8, [3]) },
      8,
      /tensor "a": F32 of shape \[3\] takes 12 bytes, but has 8/,
    ],
    ['an unknown dtype', { a: { ...f32(0, 8), dtype: 'F31' } }, 8, /tensor "a": unknown dtype "F31"/],
    [
      'an inherited property as dtype',
      { a: { ...f32(0, 8), dtype: 'toString' } },
      8,
      /unknown dtype "toString"/,
    ],
    ['a negative size', { a: f32(0, 8, [-2, -1]) }, 8, /tensor "a": shape \[-2,-1\]/],
    [
      'offsets the wrong way round',
      { a: { ...f32(0, 8), data_offsets: [8, 0] } },
      8,
      /tensor "a": bytes 8 to 0/,
    ],
    ['missing offsets', { a: { dtype: 'F32', shape: [2] } }, 8, /tensor "a": data_offsets \(missing\)/],
    ['an entry that is no object', { a: 5 }, 8, /tensor "a": its header entry is not an object/],
    ['a header that is a list', [], 0, /not a JSON object/],
    ['a header that is not JSON', '{"a": ', 0, /not valid JSON/],
  ])('refuses %s', async (_, header, dataBytes, message) => {
    const path = fileOf(header, dataBytes);
    const error: unknown = await SafetensorsReader.open(path).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'weights_invalid' });
    expect(String(error)).toMatch(message);
    expect(String(error)).toContain(path);
  });

  it('refuses a header longer than the file, a file too short for one, and a file that is not there', async () => {
    const path = join(tempDirectory(), 'model.safetensors');
    writeFileSync(path, Buffer.from('version https://git-lfs.github.com/spec/v1\n'));
    await expect(SafetensorsReader.open(path)).rejects.toThrow(/not a safetensors file, or cut/);
    writeFileSync(path, Buffer.alloc(4));
    await expect(SafetensorsReader.open(path)).rejects.toThrow(/4 bytes are too few/);
    await expect(SafetensorsReader.open(`${path}.missing`)).rejects.toMatchObject({
      code: 'weights_invalid',
    });
  });

  it('reads a half-precision tensor longer than one chunk', async () => {
    const values = Float32Array.from({ length: (1 << 19) + 3 }, (_, i) => i % 2048);
    for (const dtype of ['F16', 'BF16'] as const) {
      const path = join(tempDirectory(), 'long.safetensors');
      const stored = dtype === 'F16' ? values : values.map((value) => value % 256);
      await writeSafetensors(path, [{ name: 'long', shape: [stored.length], values: stored }], dtype);
      const { long = new Float32Array() } = await readAll(path);
      expect(Buffer.from(long.buffer).equals(Buffer.from(stored.buffer))).toBe(true);
    }
  });
});

function splitFile(path: string): { header: Record<string, unknown>; data: Buffer } {
  const bytes = readFileSync(path);
  const dataStart = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, dataStart)) as Record<string, unknown>;
  return { header, data: bytes.subarray(dataStart) };
}
