/**
 * Draws what bench/profile-steps.ts printed: `npx tsx bench/draw-step-profile.ts OUT.svg PROFILE.json ...`. One bar a
 * profile, and one panel for each number of rows.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { coordinate, svgDrawing, svgScale, svgText } from '../src/svg-scale.ts';

/** Medians in ms of a step, as a whole and by what its jobs do. */
export interface StepProfile {
  readonly label: string;
  readonly numRows: number;
  readonly wholeMs: number;
  readonly partMs: Readonly<Record<string, number>>;
}

const COLORS: Readonly<Record<string, string>> = {
  products: '#4c78a8',
  'output head': '#f58518',
  packing: '#e45756',
  attention: '#72b7b2',
  'row by row': '#54a24b',
  'between the kernels': '#eeca3b',
};
const LEFT = 220;
const RIGHT = 780;
const BAR = 26;
const WIDTH = 940;

function partsOf({ wholeMs, partMs }: StepProfile): Readonly<Record<string, number>> {
  const inKernels = Object.values(partMs).reduce((sum, ms) => sum + ms, 0);
  return { ...partMs, 'between the kernels': Math.max(0, wholeMs - inKernels) };
}

/** The bars of the profiles with one number of rows, below a height. */
function panel(profiles: readonly StepProfile[], top: number): string[] {
  const numRows = profiles[0]?.numRows ?? 0;
  const bottom = top + profiles.length * BAR;
  const totals = profiles.map((profile) => Object.values(partsOf(profile)).reduce((sum, ms) => sum + ms, 0));
  const x = svgScale([0, ...totals], [LEFT, RIGHT], 8);
  return [
    svgText(`${numRows} ${numRows === 1 ? 'stream' : 'streams'}`, 8, top - 8, 'font-weight="bold"'),
    ...x.ticks.flatMap(({ value, label }) => [
      `<path d="M${coordinate(x.at(value))},${top}V${bottom}" stroke="#ddd"/>`,
      svgText(label, x.at(value), bottom + 14, 'text-anchor="middle"'),
    ]),
    ...profiles.flatMap((profile, index) => bar(profile, top + index * BAR, x.at)),
    svgText('ms of a decode step', (LEFT + RIGHT) / 2, bottom + 30, 'text-anchor="middle"'),
  ];
}

function bar(profile: StepProfile, top: number, at: (ms: number) => number): string[] {
  const parts = partsOf(profile);
  let before = 0;
  return [
    svgText(profile.label, LEFT - 6, top + BAR / 2 + 4, 'text-anchor="end"'),
    ...Object.entries(COLORS).map(([part, color]) => {
      const start = at(before);
      before += parts[part] ?? 0;
      return `<rect x="${coordinate(start)}" y="${top + 2}" width="${coordinate(at(before) - start)}" height="${BAR - 4}" fill="${color}"/>`;
    }),
  ];
}

function legend(): string[] {
  return Object.entries(COLORS).flatMap(([part, color], index) => [
    `<rect x="${RIGHT + 20}" y="${30 + index * 18}" width="10" height="10" fill="${color}"/>`,
    svgText(part, RIGHT + 36, 39 + index * 18),
  ]);
}

function draw(profiles: readonly StepProfile[]): string {
  const groups = [...new Set(profiles.map(({ numRows }) => numRows))].map((numRows) =>
    profiles.filter((profile) => profile.numRows === numRows),
  );
  let top = 30;
  const parts: string[] = [];
  for (const group of groups) {
    parts.push(...panel(group, top));
    top += group.length * BAR + 66;
  }
  return svgDrawing(WIDTH, top, [...parts, ...legend()]);
}

const [out, ...files] = process.argv.slice(2);
if (out !== undefined) {
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  const profiles = texts.flatMap((text) => JSON.parse(text) as StepProfile[]);
  await writeFile(out, draw(profiles));
}
