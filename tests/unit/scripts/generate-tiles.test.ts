import { describe, expect, it } from 'vitest';
import { generateTile, generateTiles, TILE_FORMATS, TILE_SIZES } from '../../../scripts/generate-tiles.mjs';

const SIZES = [...TILE_SIZES, { numRows: 2, numPanels: 1 }];
const NAMES = TILE_FORMATS.flatMap((format) =>
  SIZES.map(({ numRows, numPanels }) => [numRows, numPanels, format] as const),
);

const matches = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([match]) => match);

/** The source of each loop over steps. */
const loopsOf = (source: string): string[] => matches(source, /^( *)for \(; x < .*\n(?:\1 +.*\n)*/gm);

describe.each(NAMES)('a tile of %i rows times %i panels of %s', (numRows, numPanels, format) => {
  const source = generateTile(format, numRows, numPanels);

  it('has two sums a row and panel, each begun, added to and stored by name', () => {
    const sums = Array.from({ length: numRows }, (_, row) =>
      Array.from({ length: 2 * numPanels }, (__, vector) => `s${row}${vector}`),
    ).flat();
    expect(matches(source, /let s\d+ =/g)).toEqual(sums.map((sum) => `let ${sum} =`));
    for (const sum of sums)
      expect(matches(source, new RegExp(`\\b${sum} = .*\\b${sum}\\b`, 'g')).length).toBeGreaterThan(0);
    expect(matches(source, /Output\.store\(/g)).toHaveLength(sums.length);
  });

  it('reads every number of a step once, and moves on by as many bytes as it has read', () => {
    const loops = loopsOf(source);
    expect(loops.length).toBe(numRows * numPanels === 1 && format !== 'Int8Quads' ? 2 : 1);
    for (const loop of loops) {
      const [, xBytes = NaN, wBytes = NaN] = (/x \+= (\d+), w \+= (\d+)/.exec(loop) ?? []).map(Number);
      const offsets = matches(loop, /(?<=load32_splat\(x, )\d+/g).map(Number);
      expect(offsets).toEqual(Array.from({ length: xBytes / 4 }, (_, i) => 4 * i));
      const isNarrow = loop.includes('load_ext');
      for (const panel of ['w', 'v', 'u'].slice(0, numPanels)) {
        expect(loop).toContain(`${panel} += ${wBytes}`);
        const loads = matches(loop, new RegExp(`(?<=load(?:_ext<i8>)?\\(${panel}, )\\d+`, 'g')).map(Number);
        expect(loads).toEqual(
          Array.from({ length: wBytes / (isNarrow ? 8 : 16) }, (_, i) => (isNarrow ? 8 : 16) * i),
        );
      }
    }
  });

  it('leaves the rows and outputs that do not exist alone', () => {
    expect(matches(source, /if \(rows < \d+\) return;/g)).toHaveLength(numRows - 1);
    for (let vector = 1; vector < 2 * numPanels; vector++) {
      expect(matches(source, new RegExp(`cols - ${4 * vector}\\);`, 'g'))).toHaveLength(numRows);
    }
  });
});

it('the generated module has each size of each format', () => {
  expect(matches(generateTiles(), /(?<=export function )\w+/g)).toEqual(
    TILE_FORMATS.flatMap((format) => [`row1x8${format}`, `row1x24${format}`, `tile4x8${format}`]),
  );
});
