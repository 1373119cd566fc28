import { describeTimes, type MeasuredRun } from './measured-run.ts';
import { median } from '../../src/bench/latency-summary.ts';
import { formatNumber, toMarkdown } from './comparison-table.ts';
import { isRate, measureTitle, type GgufMeasure, type GgufRow } from './gguf-bars.ts';
import { spreadOf } from './judge-peers.ts';

/** What one round measured of both sides: tokens per second, milliseconds, or bytes. */
export interface GgufReading {
  measure: GgufMeasure;
  round: number;
  ours?: number;
  theirs?: number;
}

export interface GgufComparison {
  file: string;
  rows: readonly GgufRow[];
  fileBytes: number;
  /** What runs it, as each side says. */
  ours: string;
  theirs: string;
  /** How many greedy tokens both sides have alike, of how many. */
  alike: { numTokens: number; of: number };
  readings: readonly GgufReading[];
}

export interface GgufReport extends MeasuredRun {
  /** What ours is held against. */
  peer: string;
  rounds: number;
  comparisons: readonly GgufComparison[];
  /** Trials beside which others were at work: with any, there is no judgement. */
  disturbances: readonly string[];
}

/** A ratio is made of one round, since the machine drifts from one to the next. */
export function ratiosOf(measure: GgufMeasure, readings: readonly GgufReading[]): number[] {
  const rounds = new Map<number, GgufReading>();
  for (const reading of readings.filter((one) => one.measure === measure)) {
    rounds.set(reading.round, { ...rounds.get(reading.round), ...reading });
  }
  return [...rounds.values()].flatMap(({ ours, theirs }) =>
    ours === undefined || theirs === undefined ? [] : [ours / theirs],
  );
}

/** `undefined` where the row has no bar, or no round has a ratio. */
export function isMet({ measure, bar }: GgufRow, readings: readonly GgufReading[]): boolean | undefined {
  const ratios = ratiosOf(measure, readings);
  if (bar === undefined || ratios.length === 0) return undefined;
  const ratio = median(ratios);
  return isRate(measure) ? ratio >= bar : ratio <= bar;
}

/** Whether every bar is met, of those that were measured. */
export const areMet = ({ comparisons }: GgufReport): boolean =>
  comparisons.every(({ rows, readings }) => rows.every((row) => isMet(row, readings) !== false));

/** Markdown: a line for each file and measure, what ran, where and how. */
export function formatGgufReport(report: GgufReport): string {
  const isJudged = report.disturbances.length === 0;
  const head = ['file', 'measured', 'Tokenflare', report.peer, 'ratio (lowest to highest)', 'bar'];
  const lines = report.comparisons.flatMap(({ file, rows, readings }) =>
    rows.map((row) => [`\`${file}\``, ...formatRow(row, readings, isJudged)]),
  );
  const notes = report.comparisons.map(
    ({ file, fileBytes, ours, theirs, alike }) =>
      `- \`${file}\`, ${mebibytes(fileBytes)}: ${ours}; ${theirs}; ` +
      `greedy text alike for ${alike.numTokens} of ${alike.of} tokens`,
  );
  const judgement = isJudged
    ? []
    : [
        `Not judged, for the machine was busy:\n${report.disturbances.map((trial) => `- ${trial}`).join('\n')}`,
      ];
  const table = toMarkdown([head, head.map(() => '---'), ...lines]);
  return [table, notes.join('\n'), describeRun(report), ...judgement].join('\n\n');
}

function formatRow(row: GgufRow, readings: readonly GgufReading[], isJudged: boolean): string[] {
  const own = readings.filter(({ measure }) => measure === row.measure);
  const ratio = spreadOf(ratiosOf(row.measure, readings));
  const verdict = isMet(row, readings) === true ? 'met' : '**missed**';
  return [
    measureTitle(row.measure),
    formatValue(
      row.measure,
      own.flatMap(({ ours }) => ours ?? []),
    ),
    formatValue(
      row.measure,
      own.flatMap(({ theirs }) => theirs ?? []),
    ),
    ratio === undefined
      ? '–'
      : `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)})`,
    row.bar === undefined ? '–' : `${row.bar}${isJudged && ratio !== undefined ? `: ${verdict}` : ''}`,
  ];
}

function formatValue(measure: GgufMeasure, values: readonly number[]): string {
  if (values.length === 0) return '–';
  const value = median(values);
  if (measure === 'resident') return mebibytes(value);
  return isRate(measure) ? formatNumber(value) : `${formatNumber(value)} ms`;
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20).toLocaleString('en-US')} MiB`;
}

const MEMORY_NOTE = ' Resident memory is held against the bytes of the file and of the KV cache.';

function describeRun(report: GgufReport): string {
  const { peer, rounds, comparisons } = report;
  const { cpu, numCores, platform, nodeVersion } = report.machine;
  const hasMemory = comparisons.some(({ rows }) => rows.some(({ measure }) => measure === 'resident'));
  return (
    `${cpu}, ${numCores} cores, ${platform}, Node ${nodeVersion}, ${describeTimes(report)}. ` +
    `Tokenflare through HTTP and SSE and ${peer} in turn; no cache knows a prompt of TTFT or of whole ` +
    `requests. Ratios are of one round, medians of ${rounds} ${rounds === 1 ? 'round' : 'rounds'}; lower is better ` +
    `for times and memory.${hasMemory ? MEMORY_NOTE : ''}`
  );
}
