import { nice, ticks } from 'd3-array';

/** Maps numbers to coordinates in a drawing, from one round number to another. */
export interface SvgScale {
  /** The coordinate of a number. */
  readonly at: (value: number) => number;
  /** Round numbers for an axis, with what is written beside each. */
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
}

/**
 * @param values that must have a coordinate
 * @param coordinates of the smallest and of the largest number
 * @param numTicks that there should be, about
 */
export function svgScale(
  values: readonly number[],
  [first, last]: readonly [number, number],
  numTicks: number,
): SvgScale {
  const [low, high] = nice(...rangeOf(values), numTicks);
  return {
    at: (value) => first + ((value - low) / (high - low)) * (last - first),
    ticks: ticks(low, high, numTicks).map((value) => ({
      value,
      label: value.toLocaleString('en', { maximumFractionDigits: 6 }),
    })),
  };
}

/** Never empty: a single number gets a range around it. */
function rangeOf(values: readonly number[]): [number, number] {
  const low = values.reduce((least, value) => Math.min(least, value), Infinity);
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity);
  if (values.length === 0) return [0, 1];
  return low < high ? [low, high] : [low - 1, high + 1];
}

/** With one digit after the point: a tenth of a pixel is finer than a screen. */
export const coordinate = (value: number): string => value.toFixed(1);

/** A piece of text; `style`: attributes. */
export const svgText = (text: string, x: number, y: number, style = ''): string =>
  `<text x="${coordinate(x)}" y="${coordinate(y)}" ${style}>${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`;

/** The whole drawing, on white, so that it can be read on a dark page, too. */
export const svgDrawing = (width: number, height: number, parts: readonly string[]): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
