import type { MachineReport } from '../../src/bench/describe-machine.ts';
import type { LatencySummary } from '../../src/bench/latency-summary.ts';
import type { FirstTokens } from './first-tokens.ts';
import { MOST_COST, type FormatCost, type StepFigures } from './format-cost.ts';
import type { Spread } from './judge-peers.ts';

/** One service: a model, with drafts or without. */
export interface FormatsReading {
  model: string;
  runtime: string;
  speculation: string;
  steps: FormatCost;
  firstTokens: FirstTokens;
}

export interface FormatsReport {
  /** Tokens of each stream without a format. */
  maxTokens: number;
  rounds: number;
  machine: MachineReport;
  readings: readonly FormatsReading[];
}

const STEP_HEAD = [
  'model',
  '`SPECULATION`',
  'step p50, ms: without, with (ratio)',
  'step mean, ms',
  'rows a step',
  'tokens a step',
  'tokens/s',
  'outside of the model, mean, ms',
  'for formats: mean of a token; p99, longest of a step',
  'cost of a step (lowest to highest)',
];

const FIRST_HEAD = [
  'model',
  '`SPECULATION`',
  'first token without a format, ms: p50 (p99)',
  'with one that is kept',
  'with a new one',
  'with the first of all',
  'a new one in the step loop, ms: p50 (p99)',
];

/** Two Markdown tables: what a step costs, and what a first token does. */
export function formatFormats({ maxTokens, rounds, machine, readings }: FormatsReport): string {
  const { cpu, numCores, nodeVersion, loadBefore, loadAfter } = machine;
  const runtimes = [...new Set(readings.map(({ runtime }) => runtime))].join('; ');
  return [
    `${numCores} cores of ${cpu}, Node ${nodeVersion}, load ${loadBefore.toFixed(1)} before, ${loadAfter.toFixed(1)} after; ${runtimes}.`,
    `${rounds} pairs of turns; ${maxTokens} tokens a stream without a format.`,
    '',
    ...tableOf(STEP_HEAD, readings.map(stepCells)),
    '',
    ...tableOf(FIRST_HEAD, readings.map(firstCells)),
  ].join('\n');
}

function stepCells({ model, speculation, steps }: FormatsReading): string[] {
  const both = (value: (figures: StepFigures) => number, digits: number): string =>
    `${value(steps.without).toFixed(digits)}, ${value(steps.with).toFixed(digits)}`;
  const ratio = ({ median }: Spread): string => `(${median.toFixed(2)})`;
  const { formatMs, formatMsPerToken, longestFormatMs } = steps.with;
  const { cost, isMet } = steps;
  return [
    model,
    speculation,
    `${both(({ stepMs }) => stepMs.p50, 2)} ${ratio(steps.stepP50Ratio)}`,
    `${both(({ stepMs }) => stepMs.mean, 2)} ${ratio(steps.stepMeanRatio)}`,
    both(({ rowsPerStep }) => rowsPerStep, 1),
    both(({ tokensPerStep }) => tokensPerStep, 1),
    `${both(({ tokensPerS }) => tokensPerS, 0)} ${ratio(steps.tokensPerSRatio)}`,
    both(({ restMs }) => restMs.mean, 2),
    `${(1000 * formatMsPerToken).toFixed(1)} µs; ${formatMs.p99.toFixed(2)} ms, ${longestFormatMs.toFixed(1)} ms`,
    `${percent(cost.median)} (${percent(cost.min)} to ${percent(cost.max)}); at most ${percent(MOST_COST)}: ${isMet ? 'met' : '**missed**'}`,
  ];
}

function firstCells({ model, speculation, firstTokens }: FormatsReading): string[] {
  const { ttftMs, firstOfAllMs, newFormatMs } = firstTokens;
  const cell = ({ p50, p99 }: LatencySummary): string => `${p50.toFixed(1)} (${p99.toFixed(1)})`;
  return [
    model,
    speculation,
    cell(ttftMs.without),
    cell(ttftMs.kept),
    cell(ttftMs.new),
    firstOfAllMs.toFixed(0),
    cell(newFormatMs),
  ];
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
