import type { BenchmarkMode, BenchmarkParams } from './benchmark-params.ts';
import type { ContextSweepReport } from './run-context-sweep.ts';
import type { EventLoopDelayReport } from './watch-event-loop.ts';
import type { MachineReport } from './describe-machine.ts';
import type { LatencyReport } from './latency-summary.ts';

/** What only the engine's own process can know; other requests of the same time count in. */
export interface EngineLoadReport {
  numSteps: number;
  /** Real rows of a step, on average. */
  rowsPerStep: number;
  /** Share of the rows computed that were padding: 0 on a runtime that computes rows of tokens alone. */
  paddingWaste: number;
  /** Share of the query-key pairs saved over one rectangular padded batch. */
  attentionSaved: number;
  /** Bytes of the KV cache that held tokens, at most. */
  kvBytesPeak: number;
  /** Of the thread that serves HTTP. */
  eventLoopDelayMs: EventLoopDelayReport;
}

/** One run: one concurrency in one mode. */
export interface LoadReport extends LatencyReport {
  mode: BenchmarkMode;
  concurrency: number;
  numRequests: number;
  durationMs: number;
  promptTokens: number;
  generatedTokens: number;
  /** Tokens over the run's whole duration, in which both kinds are computed side by side. */
  promptTokensPerS: number;
  generatedTokensPerS: number;
  requestsPerS: number;
  engine?: EngineLoadReport;
}

/** Generated tokens per second through HTTP over those of the engine alone, at one concurrency. */
export interface HttpRatio {
  concurrency: number;
  ratio: number;
}

export interface BenchmarkModel {
  id: string;
  architecture: string;
  numParameters: number;
  vocabSize: number;
  contextLength: number;
  /** Absent when the engine is another process's. */
  weightBytes?: number;
  maxNumSeqs?: number;
  kvCacheTokens?: number;
  kvCacheBytes?: number;
}

export interface BenchmarkReport {
  /** ISO 8601. */
  startedAt: string;
  durationMs: number;
  params: BenchmarkParams;
  model: BenchmarkModel;
  /** Backend, instruction set, threads. */
  runtime: string;
  machine: MachineReport;
  loads: readonly LoadReport[];
  httpRatios: readonly HttpRatio[];
  contextSweep?: ContextSweepReport;
}

export interface BenchmarkProgress {
  phase: 'warm_up' | 'load' | 'context_sweep';
  mode: BenchmarkMode;
  /** Clients at once; absent in a sweep, where one request is alone. */
  concurrency?: number;
  /** Requests, or timings of a sweep. */
  numDone: number;
  numTotal: number;
}
