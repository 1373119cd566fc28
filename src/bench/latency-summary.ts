/** Milliseconds over all observations of a run. */
export interface LatencySummary {
  mean: number;
  p50: number;
  p95: number;
  p99: number;
}

/** `undefined` when nothing was observed: gaps between tokens when each request has one token. */
export function summarise(values: readonly number[]): LatencySummary | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  return {
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    p50: percentileOfSorted(sorted, 50),
    p95: percentileOfSorted(sorted, 95),
    p99: percentileOfSorted(sorted, 99),
  };
}

export function median(values: readonly number[]): number {
  return percentileOfSorted(
    values.toSorted((a, b) => a - b),
    50,
  );
}

/** Interpolated linearly between neighbours, as numpy.percentile does; `sorted` rises and is not empty. */
function percentileOfSorted(sorted: readonly number[], percent: number): number {
  const rank = (percent / 100) * (sorted.length - 1);
  const below = sorted[Math.floor(rank)] ?? NaN;
  const above = sorted[Math.ceil(rank)] ?? NaN;
  return below + (above - below) * (rank - Math.floor(rank));
}

/** When the tokens of one request came, on a monotonic clock in milliseconds. */
export interface RequestTimes {
  startMs: number;
  /** One for each event that brought tokens. */
  eventMs: readonly number[];
  numTokens: number;
}

/** The four latencies as vLLM's `bench serve` defines them (vllm/benchmarks/serve.py, BenchmarkMetrics). */
export interface LatencyReport {
  /** Time to first token: from sending to the first event with a token; one a request. */
  ttftMs?: LatencySummary;
  /** Time per output token after the first: (E2EL - TTFT) / (tokens - 1); one a request. */
  tpotMs?: LatencySummary;
  /** Inter-token latency: the gap between two events with tokens; many a request. */
  itlMs?: LatencySummary;
  /** End-to-end latency: from sending to the last token; one a request. */
  e2elMs?: LatencySummary;
}

export function summariseRequests(requests: readonly RequestTimes[]): LatencyReport {
  const report: LatencyReport = {};
  const add = (name: keyof LatencyReport, values: readonly number[]): void => {
    const summary = summarise(values);
    if (summary !== undefined) report[name] = summary;
  };
  add('ttftMs', requests.flatMap(ttftMs));
  add('tpotMs', requests.flatMap(tpotMs));
  add('itlMs', requests.flatMap(eventGapsMs));
  add('e2elMs', requests.flatMap(e2elMs));
  return report;
}

/** Each gap between two events of a request. */
function eventGapsMs({ eventMs }: RequestTimes): number[] {
  return eventMs.slice(1).map((time, i) => time - (eventMs[i] ?? NaN));
}

function ttftMs({ startMs, eventMs }: RequestTimes): number[] {
  return eventMs.slice(0, 1).map((time) => time - startMs);
}

function e2elMs({ startMs, eventMs }: RequestTimes): number[] {
  return eventMs.slice(-1).map((time) => time - startMs);
}

function tpotMs(request: RequestTimes): number[] {
  const [first] = ttftMs(request);
  const [last] = e2elMs(request);
  if (first === undefined || last === undefined || request.numTokens < 2) return [];
  return [(last - first) / (request.numTokens - 1)];
}
