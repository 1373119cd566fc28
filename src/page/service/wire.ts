/**
 * What the page reads of the service's answers. The page imports nothing of the service, whose sources are for Node;
 * tests/unit/page/wire.test.ts holds these types to those of the schemas.
 */

/** `GET v1/models` */
export interface ModelList {
  data: Model[];
}

export interface Model {
  id: string;
  /** The model's id, where `id` is an alias of it. */
  root: string;
  state: 'unloaded' | 'loading' | 'loaded' | 'failed';
  is_default: boolean;
  max_model_len: number | null;
  /** Null: it does not chat, or it is not loaded yet. */
  chat_template: 'own' | 'builtin' | 'file' | null;
  /** What holds where a request says nothing, by the fields of a request. Null until it is loaded. */
  generation_defaults: Readonly<Record<string, unknown>> | null;
}

/** `POST tokenize` */
export interface TokenCount {
  count: number;
  max_model_len: number;
}

/** A piece of a call: id and name come with its first piece. */
export interface ToolCallDelta {
  index: number;
  id?: string | undefined;
  function: { name?: string | undefined; arguments: string };
}

/** What a token was drawn from. `token` is its text; a part of a character shows as a replacement character. */
export interface TokenAlternative {
  token: string;
  logprob: number;
}

/** An event of `POST v1/chat/completions`, streamed, with `logprobs`. */
export interface ChatEvent {
  id: string;
  choices: {
    delta: {
      content?: string | null | undefined;
      reasoning_content?: string | null | undefined;
      tool_calls?: readonly ToolCallDelta[] | undefined;
    };
    logprobs?:
      | {
          content?:
            (TokenAlternative & { bytes: number[]; top_logprobs: TokenAlternative[] })[] | null | undefined;
        }
      | null
      | undefined;
    finish_reason: string | null;
  }[];
}

/** An event of `POST v1/completions`, streamed, with `logprobs`. */
export interface CompletionEvent {
  id: string;
  choices: {
    text: string;
    logprobs?:
      | {
          tokens: string[];
          token_logprobs: (number | null)[];
          top_logprobs: (Record<string, number> | null)[] | null;
        }
      | null
      | undefined;
    finish_reason: string | null;
  }[];
}

/** `GET v1/requests` */
export interface RequestList {
  data: RunningRequest[];
}

export interface RunningRequest {
  /** Null: another client's. */
  id: string | null;
  model: string;
  status: string;
  seats: number[];
  /** Null for one that runs. */
  queue_position: number | null;
  usage: { prompt_tokens: number; completion_tokens: number };
  max_tokens: number;
  /** Milliseconds. */
  timings: { total_ms: number };
}

/** `GET v1/requests/ID` */
export interface RequestRecord {
  finish_reasons: string[];
  usage: { prompt_tokens: number; completion_tokens: number };
  /** Milliseconds. */
  timings: { queue_ms: number | null; ttft_ms: number | null; tpot_ms: number | null; total_ms: number };
}

/** `POST v1/attention` */
export interface AttentionReport {
  tokens: { id: number; text: string }[];
  layers: {
    index: number;
    /** [heads][queries][keys]; each row sums to 1. */
    heads: number[][][];
  }[];
}

/** Time = offset + factor * tokens^exponent, as fitted. */
export interface GrowthFit {
  exponent?: number | undefined;
  theory: number;
  r2?: number | undefined;
}

export interface ContextSweep {
  points: {
    context_tokens: number;
    /** Milliseconds. */
    prefill_ms: number;
    step_context_tokens: number;
    step_ms: number;
    attention_ms: number;
  }[];
  prefill: GrowthFit;
  prefill_attention: GrowthFit;
  cached_step: GrowthFit;
}

export interface Latency {
  mean: number;
  p50: number;
  p95: number;
  p99: number;
}

/** One run of a benchmark. */
export interface BenchmarkLoad {
  mode: 'engine' | 'http';
  concurrency: number;
  generated_tokens_per_s: number;
  prompt_tokens_per_s: number;
  ttft_ms?: Latency | undefined;
  tpot_ms?: Latency | undefined;
  itl_ms?: Latency | undefined;
  e2el_ms?: Latency | undefined;
  engine?: { padding_waste: number; attention_saved: number; rows_per_step: number } | undefined;
}

export interface BenchmarkReport {
  /** ISO 8601. */
  started_at: string;
  duration_ms: number;
  model: { id: string };
  runtime: string;
  machine: { cpu: string; num_cores: number };
  loads: BenchmarkLoad[];
  context_sweep?: ContextSweep | undefined;
}

export interface BenchmarkProgress {
  phase: 'warm_up' | 'load' | 'context_sweep';
  concurrency?: number | undefined;
  num_done: number;
  num_total: number;
}

/** An event of `POST benchmark`, streamed. */
export type BenchmarkEvent = { progress: BenchmarkProgress } | { report: BenchmarkReport };

/** `GET benchmark/runs`: the reports that the service kept, the newest first. */
export interface BenchmarkRunList {
  data: BenchmarkRunSummary[];
}

export interface BenchmarkRunSummary {
  id: string;
  /** ISO 8601. */
  started_at: string;
  model: string;
  runtime: string;
  version: string;
  /** Of its fastest load; null without loads. */
  peak_generated_tokens_per_s: number | null;
}

/** `GET benchmark/runs/ID` */
export interface BenchmarkRun {
  id: string;
  version: string;
  report: BenchmarkReport;
}

/** `GET ai-gateway/gateways/NAME/logs`: requests that went through a gateway, the newest first. */
export interface GatewayLogList {
  result: GatewayLog[];
  result_info: { total_count: number };
}

export interface GatewayLog {
  id: string;
  /** ISO 8601. */
  created_at: string;
  provider: string;
  model: string;
  status_code: number;
  cached: boolean;
  tokens_in: number | null;
  tokens_out: number | null;
  /** Milliseconds. */
  duration: number;
  /** A JSON object, as text. */
  metadata: string | null;
}
