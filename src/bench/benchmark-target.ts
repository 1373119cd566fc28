import { EngineError } from '../errors.ts';
import type { BenchmarkMode } from './benchmark-params.ts';

/** What a benchmark sends: greedy, and end-of-text does not end it. */
export interface BenchmarkRequest {
  /** Several prompts travel as one request and start together. */
  prompts: readonly (readonly number[])[];
  maxTokens: number;
  /** Requests of one salt may share what the prefix cache holds; by default each has one of its own. */
  cacheSalt?: string;
}

/** What is measured: an engine, or a service behind a URL. */
export interface BenchmarkTarget {
  readonly mode: BenchmarkMode;
  /**
   * Runs one request to its end and tells of each event that brings tokens, when it does.
   *
   * @throws EngineError when the request is refused, fails, or yields fewer tokens than it was asked for;
   * whatever `signal` was aborted with
   */
  generate(
    request: BenchmarkRequest,
    onTokens: (numTokens: number) => void,
    signal: AbortSignal,
  ): Promise<void>;
}

/** A request that ended early would make every rate of its run wrong. */
export function checkNumTokens({ prompts, maxTokens }: BenchmarkRequest, numTokens: number): void {
  const expected = prompts.length * maxTokens;
  if (numTokens === expected) return;
  throw new EngineError(
    'backend_failure',
    `a request of the benchmark ended after ${numTokens} of ${expected} tokens`,
  );
}
