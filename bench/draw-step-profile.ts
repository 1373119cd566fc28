/**
 * Draws what bench/profile-steps.ts printed: `npx tsx bench/draw-step-profile.ts OUT.svg PROFILE.json ...`. One bar a
 * profile, and one panel for each number of rows.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

/** Medians in ms of a step, as a whole and by what its jobs do. */
export interface StepProfile {
  readonly label: string;
  readonly numRows: number;
  readonly wholeMs: number;
  readonly partMs: Readonly<Record<string, number>>;
}

const PARTS = ['products', 'output head', 'packing', 'attention', 'row by row', 'between the kernels'];

function barsOf({ label, numRows, wholeMs, partMs }: StepProfile) {
  const inKernels = Object.values(partMs).reduce((sum, ms) => sum + ms, 0);
  const parts = { ...partMs, 'between the kernels': Math.max(0, wholeMs - inKernels) };
  const streams = `${numRows} ${numRows === 1 ? 'stream' : 'streams'}`;
  return Object.entries(parts).map(([part, ms]) => ({
    label,
    streams,
    part,
    ms,
    order: PARTS.indexOf(part),
  }));
}

async function draw(profiles: readonly StepProfile[]): Promise<string> {
  const labels = [...new Set(profiles.map(({ label }) => label))];
  const spec: TopLevelSpec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    data: { values: profiles.flatMap(barsOf) },
    facet: { row: { field: 'streams', type: 'nominal', title: null } },
    resolve: { scale: { x: 'independent' } },
    spec: {
      width: 560,
      height: { step: 26 },
      mark: 'bar',
      encoding: {
        y: { field: 'label', type: 'nominal', title: null, sort: labels, axis: { labelLimit: 0 } },
        x: { field: 'ms', type: 'quantitative', title: 'ms of a decode step' },
        color: { field: 'part', type: 'nominal', title: null, sort: PARTS },
        order: { field: 'order', type: 'quantitative' },
      },
    },
  };
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}

const [out, ...files] = process.argv.slice(2);
if (out !== undefined) {
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  const profiles = texts.flatMap((text) => JSON.parse(text) as StepProfile[]);
  await writeFile(out, await draw(profiles));
}
