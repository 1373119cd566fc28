import type { CellResult, ContenderResult } from './compare-runtimes.ts';
import type { MeasuredRun } from './measured-run.ts';
import { cellTitle } from './cell-title.ts';
import type { Cell } from './measure-cell.ts';
import { median } from '../../src/bench/latency-summary.ts';

/** What one runtime did with one model. */
export interface ComparisonRow extends ContenderResult {
  /** As its service describes them; absent when it never started. */
  runtime?: string;
  device?: string;
  residentBytes?: number;
}

export interface ModelComparison {
  model: string;
  rows: readonly ComparisonRow[];
}

export interface ComparisonReport extends MeasuredRun {
  /** By how much the columns are told apart: what was asked for, before a short context shortened a prompt. */
  cells: readonly Cell[];
  rounds: number;
  limitMs: number;
  models: readonly ModelComparison[];
}

/** Markdown: one table, what the runtimes are or why one could not run, and where and how it was measured. */
export function formatComparison(report: ComparisonReport): string {
  const { cells, limitMs, models } = report;
  const head = ['model', 'runtime', 'device', ...cells.map(cellTitle), 'resident'];
  const lines = models.flatMap(({ model, rows }) =>
    rows
      .filter((row) => row.cells.length > 0)
      .map((row) => [
        model,
        `\`${row.label}\``,
        row.device ?? '–',
        ...cells.map((_, index) => formatCell(row.cells[index], limitMs)),
        row.residentBytes === undefined ? '–' : `${Math.round(row.residentBytes / 2 ** 20)} MiB`,
      ]),
  );
  const table = toMarkdown([head, head.map(() => '---'), ...lines]);
  return [table, describeRuntimes(models), describeRun(report)].join('\n\n');
}

function describeRuntimes(models: readonly ModelComparison[]): string {
  const notes = models.flatMap(({ model, rows }) =>
    rows.flatMap(({ label, runtime, failure }) => [
      ...(runtime === undefined ? [] : [`- \`${label}\`: ${runtime}`]),
      ...(failure === undefined ? [] : [`- \`${label}\` failed, ${model}: ${failure}`]),
    ]),
  );
  // A runtime says the same of itself for every model.
  return [...new Set(notes)].join('\n');
}

/** `1,234`, `12.3 ms`; what was cut off is marked, and has a lower bound for a value when there is no other. */
function formatCell(result: CellResult | undefined, limitMs: number): string {
  if (result === undefined) return '–';
  const { cell, values, isCutOff } = result;
  if (values.length === 0) return `> ${limitMs / 1000} s`;
  const value = formatNumber(median(values));
  return `${value}${cell.kind === 'ttft' ? ' ms' : ''}${isCutOff ? ' (cut off)' : ''}`;
}

/** Three digits that mean something, no more. */
export function formatNumber(value: number): string {
  const decimals = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

function describeRun({ machine, startedAt, durationMs, cells, rounds, limitMs }: ComparisonReport): string {
  const { cpu, numCores, nodeVersion, platform, loadBefore } = machine;
  const decodes = cells.filter((cell) => cell.kind === 'decode');
  const mostStreams = Math.max(...decodes.map(({ streams }) => streams));
  const prompts = decodes
    .slice(0, 1)
    .map(
      ({ promptTokens, maxTokens }) =>
        ` Streams: prompts of ${promptTokens} tokens, ${maxTokens} generated, counted while all of them decode; ` +
        `the prefix cache knows their prompts; ` +
        `resident memory has a KV cache for ${mostStreams} in it, but nothing that lies on a GPU.`,
    );
  return (
    `${cpu}, ${numCores} cores, ${platform}, Node ${nodeVersion}, ${startedAt.slice(0, 10)}; ` +
    `load ${loadBefore.toFixed(2)} before, ${(durationMs / 1000).toFixed(0)} s in all. ` +
    `Through HTTP and SSE, one process a runtime, medians of ${rounds} ${rounds === 1 ? 'round' : 'rounds'}, ` +
    `runtimes in turn; at most ${limitMs / 1000} s a trial. ` +
    `A prompt as long as the context is one token shorter.${prompts.join('')}`
  );
}

export function toMarkdown(rows: readonly (readonly string[])[]): string {
  return rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
