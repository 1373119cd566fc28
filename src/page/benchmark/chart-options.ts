import { dot, gridY, line, ruleY, type PlotOptions } from '@observablehq/plot';
import { theoryCurve } from './theory-curve.ts';
import type { BenchmarkLoad, BenchmarkReport, ContextSweep, GrowthFit } from '../service/wire.ts';

/** A report, and what it is called in legends. */
export interface NamedReport {
  name: string;
  report: BenchmarkReport;
}

interface Point {
  x: number;
  y: number;
  series: string;
}

/** Generated tokens a second against requests at once, a line for each report and mode. */
export const throughputChart = (reports: readonly NamedReport[]): PlotOptions =>
  lines(
    loadPoints(reports, ({ generated_tokens_per_s: rate }) => ({ '': rate })),
    { x: 'Requests at once', y: 'Tokens per second' },
  );

/** Percentiles of the time to the first token. */
export const firstTokenChart = (reports: readonly NamedReport[]): PlotOptions =>
  lines(
    loadPoints(reports, ({ ttft_ms: latency }) =>
      latency === undefined ? {} : { p50: latency.p50, p95: latency.p95, p99: latency.p99 },
    ),
    { x: 'Requests at once', y: 'First token, ms' },
  );

/** Percentiles of whole requests. */
export const requestChart = (reports: readonly NamedReport[]): PlotOptions =>
  lines(
    loadPoints(reports, ({ e2el_ms: latency }) =>
      latency === undefined ? {} : { p50: latency.p50, p95: latency.p95, p99: latency.p99 },
    ),
    { x: 'Requests at once', y: 'Whole request, ms' },
  );

/** Shares of the work that padding took. */
export const paddingChart = (reports: readonly NamedReport[]): PlotOptions =>
  lines(
    loadPoints(reports, ({ engine }) =>
      engine === undefined
        ? {}
        : { 'rows wasted': 100 * engine.padding_waste, 'pairs saved': 100 * engine.attention_saved },
    ),
    { x: 'Requests at once', y: '%' },
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
      series: `${name}: theory, power ${fit.theory}`,
    }));
    return [...measured.map((point) => ({ ...point, series: name })), ...theory];
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
        series: [name, load.mode === 'http' ? 'http' : '', part].filter((word) => word !== '').join(', '),
      })),
    ),
  );
}

function lines(points: readonly Point[], { x, y }: { x: string; y: string }): PlotOptions {
  const channels = { x: 'x', y: 'y', stroke: 'series' } as const;
  return {
    x: { label: x },
    y: { label: y, zero: true, nice: true },
    color: { legend: true, scheme: 'Observable10' },
    marks: [
      gridY(),
      ruleY([0]),
      line(points, channels),
      dot(points, { ...channels, fill: 'series', tip: true }),
    ],
  };
}
