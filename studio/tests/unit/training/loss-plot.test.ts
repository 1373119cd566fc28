import { describe, expect, it } from 'vitest';
import { lossPlotSvg, type LossPoint } from '../../../training/loss-plot.ts';
import { svgScale, svgText } from '../../../../src/svg-scale.ts';

const COLOR = { training: '#f58518', heldOut: '#4c78a8' };
const points: LossPoint[] = [
  { step: 0, bitsPerByte: 8, series: 'training, with dropout' },
  { step: 500, bitsPerByte: 2, series: 'training, with dropout' },
  { step: 1000, bitsPerByte: 1, series: 'training, with dropout' },
  { step: 0, bitsPerByte: 8.5, series: 'held out' },
  { step: 1000, bitsPerByte: 1.25, series: 'held out' },
];

/** Where the circles of a colour are, [x, y]. */
const circles = (svg: string, color: string): number[][] =>
  [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)" r="3" fill="(#\w+)"/g)]
    .filter(([, , , fill]) => fill === color)
    .map(([, x, y]) => [Number(x), Number(y)]);

describe('lossPlotSvg', () => {
  it('places each point in proportion, steps to the right and losses upward', () => {
    const svg = lossPlotSvg(points);
    const training = circles(svg, COLOR.training);
    const [start, middle, end] = training as [number[], number[], number[]];
    expect(middle[0]).toBeCloseTo(((start[0] ?? 0) + (end[0] ?? 0)) / 2, 0);
    // From 8 to 2 is six times the way from 2 to 1.
    const fall = (from: number[], to: number[]): number => (to[1] ?? 0) - (from[1] ?? 0);
    expect(fall(start, middle) / fall(middle, end)).toBeCloseTo(6, 1);
    const heldOut = circles(svg, COLOR.heldOut);
    expect(heldOut).toHaveLength(2);
    expect(heldOut[0]?.[1]).toBeLessThan(start[1] ?? 0);
    expect(heldOut[0]?.[0]).toBe(start[0]);
  });

  it('names axes and curves, and keeps everything inside the drawing', () => {
    const svg = lossPlotSvg(points);
    for (const text of ['optimizer step', 'bits per byte', 'held out', 'training, with dropout', '1,000'])
      expect(svg).toContain(`>${text}</text>`);
    const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg) ?? [];
    for (const [x = NaN, y = NaN] of circles(svg, COLOR.training).concat(circles(svg, COLOR.heldOut))) {
      expect(x).toBeLessThan(Number(width));
      expect(y).toBeLessThan(Number(height));
      expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
    }
  });

  it.each([
    ['no point', []],
    ['one point', points.slice(0, 1)],
  ])('draws %s', (_, few) => {
    expect(lossPlotSvg(few)).toMatch(/^<svg /);
    expect(lossPlotSvg(few)).not.toContain('NaN');
  });
});

it('an axis has round numbers, each at its place', () => {
  const scale = svgScale([0.93, 7.1], [300, 0], 6);
  expect(scale.ticks.map(({ label }) => label)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8']);
  expect(scale.at(0)).toBe(300);
  expect(scale.at(8)).toBe(0);
});

it('what is written means nothing to XML', () => {
  expect(svgText('a < b & c', 1, 2)).toContain('>a &lt; b &amp; c</text>');
});
