import type { MachineReport } from '../../src/bench/describe-machine.ts';
import type { LatencySummary } from '../../src/bench/latency-summary.ts';
import type { FirstTokens } from './first-tokens.ts';
import { MOST_COST, type FormatCost, type StepFigures } from './format-cost.ts';
import { TRIAL_KINDS, type TrialKind } from './format-trials.ts';
import type { Spread } from './judge-peers.ts';

/** One service: a model, with drafts or without. */
export interface FormatsReading {
  model: string;
  runtime: string;
  speculation: string;
  steps: Readonly<Record<TrialKind, FormatCost>>;
  firstTokens: FirstTokens;
}

export interface FormatsReport {
  /** Tokens of each stream without a format. */
  maxTokens: number;
  rounds: number;
  machine: MachineReport;
  readings: readonly FormatsReading[];
}

const TRIAL_TITLES: Readonly<Record<TrialKind, string>> = {
  served: 'as served',
  'same-rows': 'with `logprobs`',
};

const STEP_HEAD = [
  'model, `SPECULATION`',
  'requests',
  'pairs',
  'rows a step: without, with',
  'tokens a step',
  'step p50, ms (ratio)',
  'step mean, ms (ratio, lowest to highest)',
  'held against the goal',
  'outside of the model, mean, ms (added, of a step)',
  'for formats: mean of a token; p99, longest of a step',
  'tokens/s (ratio)',
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
    `${rounds} pairs of trials, of which those count in which all streams decode side by side for a while; ${maxTokens} tokens a stream without a format.`,
    '',
    ...tableOf(STEP_HEAD, readings.flatMap(stepCells)),
    '',
    ...tableOf(FIRST_HEAD, readings.map(firstCells)),
  ].join('\n');
}

function stepCells({ model, speculation, steps: costs }: FormatsReading): string[][] {
  return TRIAL_KINDS.map((kind) => [
    `${model}, ${speculation}`,
    TRIAL_TITLES[kind],
    ...costCells(costs[kind]),
  ]);
}

function costCells(cost: FormatCost): string[] {
  const both = (value: (figures: StepFigures) => number, digits: number): string =>
    `${value(cost.without).toFixed(digits)}, ${value(cost.with).toFixed(digits)}`;
  const ratio = ({ median }: Spread): string => median.toFixed(2);
  const spread = ({ min, median, max }: Spread): string =>
    `${median.toFixed(2)}, ${min.toFixed(2)}–${max.toFixed(2)}`;
  const { formatMs, formatMsPerToken, longestFormatMs } = cost.with;
  return [
    String(cost.numPairs),
    both(({ rowsPerStep }) => rowsPerStep, 1),
    both(({ tokensPerStep }) => tokensPerStep, 1),
    `${both(({ stepMs }) => stepMs.p50, 2)} (${ratio(cost.stepP50Ratio)})`,
    `${both(({ stepMs }) => stepMs.mean, 2)} (${spread(cost.stepMeanRatio)})`,
    `at most ${(1 + MOST_COST).toFixed(1)}: ${cost.isMet ? 'met' : '**missed**'}`,
    `${both(({ restMs }) => restMs.mean, 2)} (${percent(cost.addedOutside.median)})`,
    `${(1000 * formatMsPerToken).toFixed(1)} µs; ${formatMs.p99.toFixed(2)} ms, ${longestFormatMs.toFixed(1)} ms`,
    `${both(({ tokensPerS }) => tokensPerS, 0)} (${ratio(cost.tokensPerSRatio)})`,
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
