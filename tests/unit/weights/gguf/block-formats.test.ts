import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BLOCK_FORMATS } from '../../../../src/weights/gguf/decode-blocks.ts';
import { fixturePath, readJsonFixture } from '../../../support/fixtures.ts';

interface Stored {
  name: string;
  type: number;
  /** Bytes of the blocks. */
  stored: number;
  /** Elements in them. */
  values: number;
}

/** Random blocks with extreme scales, widened by PyPI's `gguf`: scripts/goldens/gguf_blocks.py. */
const INDEX = readJsonFixture('gguf', 'blocks.json') as Stored[];
const BLOCKS = readFileSync(fixturePath('gguf', 'blocks.bin'));
const EXPECTED = readFileSync(fixturePath('gguf', 'blocks-expected.bin'));

const NUMBERED = INDEX.map((entry, index) => ({ ...entry, index }));
const before = (index: number, field: 'stored' | 'values') =>
  INDEX.slice(0, index).reduce((sum, entry) => sum + entry[field], 0);

describe('BLOCK_FORMATS', () => {
  it('are those of the fixture', () => {
    expect(new Set(BLOCK_FORMATS.keys())).toEqual(new Set(INDEX.map(({ type }) => type)));
  });

  it.each(NUMBERED)('widens $name bit for bit as gguf does', ({ index, name, type, ...sizes }) => {
    const format = BLOCK_FORMATS.get(type)!;
    expect(format.name).toBe(name);
    expect(sizes.stored / format.blockBytes).toBe(sizes.values / format.blockElements);
    const start = before(index, 'stored');
    const target = new Float32Array(sizes.values);
    format.decode(BLOCKS.subarray(start, start + sizes.stored), target);
    const expectedStart = 4 * before(index, 'values');
    const expected = EXPECTED.subarray(expectedStart, expectedStart + 4 * sizes.values);
    const bits = new Uint32Array(target.buffer);
    const expectedBits = Uint32Array.from({ length: sizes.values }, (_, i) => expected.readUInt32LE(4 * i));
    expect(bits).toEqual(expectedBits);
    expect(new Set(bits).size).toBeGreaterThan(10);
  });
});
