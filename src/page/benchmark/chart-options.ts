import { dot, gridY, line, type PlotOptions, ruleY } from '@observablehq/plot';
import type { BenchmarkLoad, BenchmarkReport, ContextSweep, GrowthFit } from '../service/wire.ts';

/** A report, and what it is called in legends. */
export interface NamedReport {
  name: string;
  report: BenchmarkReport;
}

interface Point {
  x: number;
  y: number;
  /** What has one colour. */
  series: string;
  /** What of it: lines of one series differ in their dashes. */
  part: string;
}

/** Of the parts of a series, in their order. */
const DASHES = ['none', '5 3', '1.5 3'];

/** Generated tokens a second against requests at once, a line for each report and mode. */
export const throughputChart = (reports: readonly NamedReport[]): PlotOptions =>
  lines(
    loadPoints(reports, ({ generated_tokens_per_s: rate }) => ({ '': rate })),
    { x: 'Requests at once', y: 'Tokens per second', isOrdinal: true },
  );

/** Percentiles of the time to the first token. */
export const firstTokenChart = (reports: readonly NamedReport[]): PlotOptions =>
  lines(
    loadPoints(reports, ({ ttft_ms: latency }) =>
      latency === undefined ? {} : { p50: latency.p50, p95: latency.p95, p99: latency.p99 },
    ),
    { x: 'Requests at once', y: 'First token, ms', isOrdinal: true },
  );

/** Percentiles of whole requests. */
export const requestChart = (reports: readonly NamedReport[]): PlotOptions =>
  lines(
    loadPoints(reports, ({ e2el_ms: latency }) =>
      latency === undefined ? {} : { p50: latency.p50, p95: latency.p95, p99: latency.p99 },
    ),
    { x: 'Requests at once', y: 'Whole request, ms', isOrdinal: true },
  );

/** Shares of the work that padding took. */
export const paddingChart = (reports: readonly NamedReport[]): PlotOptions =>
  lines(
    loadPoints(reports, ({ engine }) =>
      engine === undefined
        ? {}
        : { 'rows wasted': 100 * engine.padding_waste, 'pairs saved': 100 * engine.attention_saved },
    ),
    { x: 'Requests at once', y: '%', isOrdinal: true },
  );

export const prefillChart = (reports: readonly NamedReport[]): PlotOptions =>
  sweepChart(reports, 'Prefill, ms', (sweep) => ({
    points: sweep.points.map(({ context_tokens: x, prefill_ms: y }) => ({ x, y })),
    fit: sweep.prefill,
  }));

export const stepChart = (reports: readonly NamedReport[]): PlotOptions =>
  sweepChart(reports, 'One cached step, ms', (sweep) => ({
    points: sweep.points.map(({ step_context_tokens: x, step_ms: y }) => ({ x, y })),
    fit: sweep.cached_step,
  }));

function sweepChart(
  reports: readonly NamedReport[],
  label: string,
  read: (sweep: ContextSweep) => { points: { x: number; y: number }[]; fit: GrowthFit },
): PlotOptions {
  const points = reports.flatMap(({ name, report }) => {
    if (report.context_sweep === undefined) return [];
    const { points: measured, fit } = read(report.context_sweep);
    const theory = theoryCurve(measured, fit.theory).map((point) => ({
      ...point,
      series: name,
      part: `theory, power ${fit.theory}`,
    }));
    return [...measured.map((point) => ({ ...point, series: name, part: 'measured' })), ...theory];
  });
  return lines(points, { x: 'Tokens of context', y: label });
}

function loadPoints(
  reports: readonly NamedReport[],
  read: (load: BenchmarkLoad) => Readonly<Record<string, number>>,
): Point[] {
  return reports.flatMap(({ name, report }) =>
    report.loads.flatMap((load) =>
      Object.entries(read(load)).map(([part, y]) => ({
        x: load.concurrency,
        y,
        series: load.mode === 'http' ? `${name}, http` : name,
        part,
      })),
    ),
  );
}

interface Axes {
  x: string;
  y: string;
  /** Values of x stand side by side, whatever lies between them. */
  isOrdinal?: boolean;
}

function lines(points: readonly Point[], { x, y, isOrdinal = false }: Axes): PlotOptions {
  const channels = { x: 'x', y: 'y', stroke: 'series', z: (point: Point) => `${point.series}|${point.part}` };
  const parts = [...new Set(points.map(({ part }) => part))];
  const values = [...new Set(points.map((point) => point.x))].toSorted((one, other) => one - other);
  return {
    x: isOrdinal ? { label: x, type: 'point', domain: values } : { label: x },
    y: { label: y, zero: true, nice: true },
    color: { legend: true, scheme: 'Observable10' },
    caption: parts.length > 1 ? captionOf(parts) : null,
    marks: [
      gridY(),
      ruleY([0]),
      ...parts.map((part, i) =>
        line(
          points.filter((point) => point.part === part),
          { ...channels, strokeDasharray: DASHES[i % DASHES.length] ?? 'none' },
        ),
      ),
      dot(points, { ...channels, fill: 'series', channels: { part: 'part' }, tip: true }),
    ],
  };
}

const LINE_NAMES = ['solid', 'dashed', 'dotted'];

const captionOf = (parts: readonly string[]): string =>
  parts.map((part, i) => `${LINE_NAMES[i % LINE_NAMES.length]}: ${part}`).join(', ');

/** The curve c x^power that passes through the last point: what the times would be if they grew as theory says. */
export function theoryCurve(
  points: readonly { x: number; y: number }[],
  power: number,
): { x: number; y: number }[] {
  const last = points.at(-1);
  if (last === undefined) return [];
  return points.map(({ x }) => ({ x, y: last.y * (x / last.x) ** power }));
}
