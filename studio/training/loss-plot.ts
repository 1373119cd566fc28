import { coordinate, svgDrawing, svgScale, svgText, type SvgScale } from '../../src/svg-scale.ts';

export interface LossPoint {
  readonly step: number;
  readonly bitsPerByte: number;
  readonly series: 'training, with dropout' | 'held out';
}

const FRAME = { left: 60, top: 12, right: 700, bottom: 332 } as const;
const SIZE = { width: 880, height: 380 } as const;
const COLORS: Readonly<Record<LossPoint['series'], string>> = {
  'held out': '#4c78a8',
  'training, with dropout': '#f58518',
};
const GREY = 'stroke="#ddd"';

/** Both losses over the steps as an SVG. */
export function lossPlotSvg(points: readonly LossPoint[]): string {
  const { left, top, right, bottom } = FRAME;
  const x = svgScale(
    points.map(({ step }) => step),
    [left, right],
    8,
  );
  const y = svgScale(
    points.map(({ bitsPerByte }) => bitsPerByte),
    [bottom, top],
    6,
  );
  const series = Object.keys(COLORS) as LossPoint['series'][];
  return svgDrawing(SIZE.width, SIZE.height, [
    ...axes(x, y),
    ...series.flatMap((name) =>
      curve(
        points.filter((point) => point.series === name).map((p) => [x.at(p.step), y.at(p.bitsPerByte)]),
        COLORS[name],
      ),
    ),
    ...series.flatMap((name, index) => [
      `<circle cx="${right + 20}" cy="${top + 6 + index * 18}" r="4" fill="${COLORS[name]}"/>`,
      svgText(name, right + 30, top + 10 + index * 18),
    ]),
  ]);
}

/** Lines at round numbers, the numbers, and what they are. */
function axes(x: SvgScale, y: SvgScale): string[] {
  const { left, top, right, bottom } = FRAME;
  const middle = (top + bottom) / 2;
  return [
    ...x.ticks.flatMap(({ value, label }) => [
      `<path d="M${coordinate(x.at(value))},${top}V${bottom}" ${GREY}/>`,
      svgText(label, x.at(value), bottom + 16, 'text-anchor="middle"'),
    ]),
    ...y.ticks.flatMap(({ value, label }) => [
      `<path d="M${left},${coordinate(y.at(value))}H${right}" ${GREY}/>`,
      svgText(label, left - 6, y.at(value) + 4, 'text-anchor="end"'),
    ]),
    svgText('optimizer step', (left + right) / 2, bottom + 36, 'text-anchor="middle" font-weight="bold"'),
    svgText(
      'bits per byte',
      16,
      middle,
      `text-anchor="middle" font-weight="bold" transform="rotate(-90 16 ${middle})"`,
    ),
  ];
}

function curve(coordinates: readonly (readonly number[])[], color: string): string[] {
  const texts = coordinates.map((xy) => xy.map(coordinate));
  return [
    `<polyline points="${texts.map((xy) => xy.join()).join(' ')}" fill="none" stroke="${color}" stroke-width="2"/>`,
    ...texts.map(([cx, cy]) => `<circle cx="${cx ?? ''}" cy="${cy ?? ''}" r="3" fill="${color}"/>`),
  ];
}
