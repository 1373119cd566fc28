import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

export interface LossPoint {
  readonly step: number;
  readonly bitsPerByte: number;
  readonly series: 'training, with dropout' | 'held out';
}

/** Both losses over the steps as an SVG, drawn without a browser. */
export async function lossPlotSvg(points: readonly LossPoint[]): Promise<string> {
  const spec: TopLevelSpec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: 640,
    height: 320,
    background: 'white',
    data: { values: [...points] },
    mark: { type: 'line', point: true },
    encoding: {
      x: { field: 'step', type: 'quantitative', title: 'optimizer step' },
      y: { field: 'bitsPerByte', type: 'quantitative', title: 'bits per byte', scale: { zero: false } },
      color: { field: 'series', type: 'nominal', legend: { title: null, labelLimit: 0 } },
    },
  };
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}
