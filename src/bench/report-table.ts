import Table from 'cli-table3';
import type { BenchmarkReport, LoadReport } from './benchmark-report.ts';
import type { ContextSweepReport } from './run-context-sweep.ts';
import type { LatencySummary } from './latency-summary.ts';
import type { SweepFit } from './sweep-fit.ts';

const LATENCIES = [
  ['TTFT', 'ttftMs'],
  ['TPOT', 'tpotMs'],
  ['ITL', 'itlMs'],
  ['E2EL', 'e2elMs'],
] as const;

/** No colours, no lines between rows. */
const PLAIN = { head: [], border: [], compact: true };

/** A report for a terminal. */
export function formatReport(report: BenchmarkReport): string {
  const { params, loads, httpRatios, contextSweep } = report;
  const parts = [formatHeading(report)];
  if (loads.length > 0) {
    parts.push(
      `whole requests, prompts not cached: ${params.promptTokens} prompt tokens, ${params.maxTokens} generated, ` +
        `${params.repeats} requests for each client`,
      formatThroughput(loads),
      formatLatencies(loads),
    );
  }
  for (const { concurrency, ratio } of httpRatios) {
    parts.push(`HTTP / engine at ${concurrency}: ${ratio.toFixed(3)} of the generated tokens per second`);
  }
  if (contextSweep !== undefined) parts.push(formatSweep(contextSweep));
  return parts.join('\n');
}

function formatHeading({ model, runtime, machine, startedAt, durationMs }: BenchmarkReport): string {
  const { cpu, numCores, platform, nodeVersion, loadBefore, loadAfter } = machine;
  const cache =
    model.kvCacheBytes === undefined
      ? ''
      : `; KV cache ${formatBytes(model.kvCacheBytes)}, ${model.kvCacheTokens ?? 0} tokens, ${model.maxNumSeqs ?? 0} seats`;
  return [
    `${model.id}: ${model.architecture}, ${(model.numParameters / 1e6).toFixed(2)} M parameters, ` +
      `context ${model.contextLength}, vocabulary ${model.vocabSize}`,
    `${runtime}${cache}`,
    `${cpu}, ${numCores} cores, ${platform}, Node ${nodeVersion}, ` +
      `load ${loadBefore.toFixed(2)} before and ${loadAfter.toFixed(2)} after`,
    `${startedAt}, ${(durationMs / 1000).toFixed(1)} s`,
  ].join('\n');
}

function formatThroughput(loads: readonly LoadReport[]): string {
  const table = new Table({
    head: [
      'mode',
      'clients',
      'prompt tok/s',
      'gen. tok/s',
      'req/s',
      'rows/step',
      'padding',
      'KV peak',
      'loop p99 ms',
    ],
    style: PLAIN,
  });
  for (const load of loads) {
    const { engine } = load;
    table.push([
      load.mode,
      load.concurrency,
      load.promptTokensPerS.toFixed(1),
      load.generatedTokensPerS.toFixed(1),
      load.requestsPerS.toFixed(2),
      engine?.rowsPerStep.toFixed(1) ?? '-',
      engine === undefined ? '-' : percent(engine.paddingWaste),
      engine === undefined ? '-' : formatBytes(engine.kvBytesPeak),
      engine?.eventLoopDelayMs.p99.toFixed(1) ?? '-',
    ]);
  }
  return table.toString();
}

function formatLatencies(loads: readonly LoadReport[]): string {
  const table = new Table({
    head: ['mode', 'clients', 'ms', 'mean', 'p50', 'p95', 'p99'],
    style: PLAIN,
  });
  for (const load of loads) {
    for (const [label, name] of LATENCIES) {
      table.push([load.mode, load.concurrency, label, ...formatSummary(load[name])]);
    }
  }
  return table.toString();
}

function formatSummary(summary: LatencySummary | undefined): string[] {
  if (summary === undefined) return ['-', '-', '-', '-'];
  return [summary.mean, summary.p50, summary.p95, summary.p99].map((ms) => ms.toFixed(2));
}

function formatSweep(sweep: ContextSweepReport): string {
  const table = new Table({
    head: ['context', 'prefill ms', 'in 4 prompts ms', 'attention ms', 'prefill tok/s', 'step ms'],
    style: PLAIN,
  });
  for (const point of sweep.points) {
    table.push([
      point.contextTokens,
      point.prefillMs.toFixed(2),
      point.splitPrefillMs.toFixed(2),
      point.attentionMs.toFixed(2),
      ((point.contextTokens / point.prefillMs) * 1000).toFixed(0),
      point.stepMs.toFixed(3),
    ]);
  }
  return [
    `Context sweep (${sweep.mode}), one sequence alone`,
    table.toString(),
    `all of prefill:         ${formatFit(sweep.prefill)}`,
    `attention in prefill:   ${formatFit(sweep.prefillAttention)}`,
    `context in cached step: ${formatFit(sweep.cachedStep)}`,
  ].join('\n');
}

function formatFit({ exponent, offsetMs, r2, numPoints, theory, method }: SweepFit): string {
  if (exponent === undefined) return `no fit (of ${numPoints} points), theory ${theory}`;
  return (
    `exponent ${exponent.toFixed(2)} (theory ${theory}) above ${offsetMs?.toFixed(2) ?? '-'} ms, R2 ${r2?.toFixed(3) ?? '-'} ` +
    `of ${numPoints} points; ${method}`
  );
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function formatBytes(bytes: number): string {
  return bytes < 2 ** 20 ? `${(bytes / 2 ** 10).toFixed(1)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
