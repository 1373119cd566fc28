import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { EngineStats, RequestRecord, Timings } from '../../engine/engine.ts';
import type { ServedModels } from '../../serving/served-models.ts';
import type { MemoryGuard } from '../../watch/memory-guard.ts';
import {
  LOOP_DELAY_BUCKETS_S,
  TTFT_BUCKETS_S,
  ITL_BUCKETS_S,
  LATENCY_BUCKETS_S,
  TOKEN_BUCKETS,
  CHOICE_BUCKETS,
  STEP_ROW_BUCKETS,
} from './buckets.ts';
import { ENGINE_COUNTERS, ENGINE_GAUGES } from './engine-metrics.ts';
import { registerInfo } from './info-metrics.ts';
import { KeyMetrics } from './key-metrics.ts';
import { registerVllmInfo, withVllmNames, type MetricsNames } from './vllm-names.ts';
import { LoopDelay } from '../edge/loop-delay.ts';
import type { StreamStore } from '../sse/stream-store.ts';

/** Observations are gathered for so long and made together. */
const OBSERVE_DELAY_MS = 10;
const PREFIX = 'tokenflare_';
/** The label that tells models apart, as vLLM calls it. */
const MODEL = 'model_name';
type ModelLabel = Record<typeof MODEL, string>;

/**
 * Everything that `GET /metrics` shows, named as vLLM names it (docs/design/metrics.md) under our own prefix. Has its
 * own registry; `dispose` stops watching the event loop.
 */
export class Metrics {
  readonly #registry = new Registry();
  /** Each shows a model as soon as there is one. */
  readonly #histograms: Histogram<typeof MODEL>[] = [];
  readonly #names: MetricsNames;
  readonly #loopDelay: LoopDelay;
  readonly keys = new KeyMetrics(this.#registry, PREFIX);
  readonly #httpRequests = this.#counter('http_requests_total', 'HTTP requests answered.', [
    'method',
    'route',
    'status',
  ]);
  readonly #requestSuccess = this.#counter('request_success_total', 'Sequences ended, by finish reason.', [
    MODEL,
    'finished_reason',
  ]);
  readonly #ttft = this.#histogram('time_to_first_token_seconds', 'Time to first token.', TTFT_BUCKETS_S);
  readonly #interToken = this.#histogram(
    'inter_token_latency_seconds',
    'Gap between two tokens.',
    ITL_BUCKETS_S,
  );
  readonly #endToEnd = this.#histogram('e2e_request_latency_seconds', 'Arrival to end.', LATENCY_BUCKETS_S);
  readonly #queueTime = this.#histogram(
    'request_queue_time_seconds',
    'Time in the queue.',
    LATENCY_BUCKETS_S,
  );
  readonly #inferenceTime = this.#histogram(
    'request_inference_time_seconds',
    'Time from the start of the first sequence to the end of the last.',
    LATENCY_BUCKETS_S,
  );
  readonly #prefillTime = this.#histogram(
    'request_prefill_time_seconds',
    'Time from the start to the first token.',
    LATENCY_BUCKETS_S,
  );
  readonly #decodeTime = this.#histogram(
    'request_decode_time_seconds',
    'Time from the first token to the end.',
    LATENCY_BUCKETS_S,
  );
  readonly #paramsN = this.#histogram('request_params_n', 'Completions for each prompt.', CHOICE_BUCKETS);
  readonly #paramsMaxTokens = this.#histogram(
    'request_params_max_tokens',
    'Most tokens asked for.',
    TOKEN_BUCKETS,
  );
  readonly #longestGeneration = this.#histogram(
    'request_max_num_generation_tokens',
    "Tokens of a request's longest completion.",
    TOKEN_BUCKETS,
  );
  readonly #promptTokens = this.#histogram(
    'request_prompt_tokens',
    'Prompt tokens of a request.',
    TOKEN_BUCKETS,
  );
  readonly #generationTokens = this.#histogram(
    'request_generation_tokens',
    'Generated tokens of a request.',
    TOKEN_BUCKETS,
  );
  readonly #iterationTokens = this.#histogram('iteration_tokens', 'Tokens in one step.', STEP_ROW_BUCKETS);
  readonly #stepDuration = this.#histogram('step_duration_seconds', 'Duration of one step.', ITL_BUCKETS_S);

  readonly #loads = this.#counter('model_loads_total', 'Times the model was loaded.', [MODEL]);
  readonly #loadFailures = this.#counter('model_load_failures_total', 'Times it could not be.', [MODEL]);
  readonly #unloads = this.#counter('model_unloads_total', 'Times it was unloaded, by reason.', [
    MODEL,
    'reason',
  ]);
  readonly #loadDuration = this.#histogram(
    'model_load_duration_seconds',
    'From the turn of the load until the model was ready.',
    LATENCY_BUCKETS_S,
  );

  /** Observations that are made after the answer is sent. */
  readonly #later: (() => void)[] = [];

  /** @param numLogLinesLost log lines that could not be written so far; `names` is METRICS_NAMES */
  constructor(models: ServedModels, numLogLinesLost: () => number = () => 0, names: MetricsNames = 'both') {
    this.#names = names;
    for (const [name, help, read] of ENGINE_GAUGES) this.#engineGauge(models, name, help, read);
    for (const [name, help, read] of ENGINE_COUNTERS) this.#engineCounter(models, name, help, read);
    this.#gauge('ready', '1 when requests are taken.', () => Number(models.defaultEngine.state === 'ready'));
    this.#gauge(
      'models_loaded',
      'Models in memory.',
      () => models.engines().filter((one) => one.isLoaded).length,
    );
    this.#gauge(
      'num_requests_waiting_for_model',
      'Requests that wait while a model loads.',
      () => models.numWaiting,
    );
    this.#gauge(
      'models_memory_bytes',
      'What models take of the memory they share.',
      () => models.memoryBytes,
    );
    this.#gauge('models_memory_limit_bytes', 'What models may take; 0 until one is loaded.', () =>
      Number.isFinite(models.memoryLimitBytes) ? (models.memoryLimitBytes ?? 0) : 0,
    );
    this.#gauge('process_resident_memory_bytes', 'Resident memory of the HTTP process.', () =>
      process.memoryUsage.rss(),
    );
    this.#totalOf('log_lines_lost_total', 'Log lines that could not be written.', numLogLinesLost);
    this.#loopDelay = this.#watchLoopDelay();
    registerInfo(this.#registry, PREFIX, models);
    if (names !== 'tokenflare') registerVllmInfo(this.#registry, models);
    models.observe({
      onEngine: (id, engine) => {
        const label = { [MODEL]: id };
        for (const histogram of this.#histograms) histogram.zero(label);
        this.#loads.inc(label, 0);
        engine.observe({
          onFinished: (record) => this.#observeLater(() => this.#observeFinished(label, record)),
          onStep: (numRows, durationMs) =>
            this.#observeLater(() => {
              this.#iterationTokens.observe(label, numRows);
              this.#stepDuration.observe(label, durationMs / 1000);
            }),
          onInterTokenLatency: (ms) => this.#observeLater(() => this.#interToken.observe(label, ms / 1000)),
        });
      },
      onLoaded: (id, durationMs) => {
        this.#loads.inc({ [MODEL]: id });
        this.#loadDuration.observe({ [MODEL]: id }, durationMs / 1000);
      },
      onLoadFailed: (id) => this.#loadFailures.inc({ [MODEL]: id }),
      onUnloaded: (id, reason) => this.#unloads.inc({ [MODEL]: id, reason }),
    });
  }

  /** Called at most once. */
  watchStreams(streams: StreamStore): void {
    this.#gauge('resumable_streams', 'Streams that can be resumed.', () => streams.numStreams);
    this.#gauge(
      'resumable_streams_unread',
      'Of these, those that go on without a reader.',
      () => streams.numUnread,
    );
    this.#gauge('resumable_stream_bytes', 'What they keep of what they sent.', () => streams.numBytes);
  }

  /** Counters that other parts keep, each by its name. */
  watchTotals(totals: readonly (readonly [name: string, help: string, read: () => number])[]): void {
    for (const [name, help, read] of totals) this.#totalOf(name, help, read);
  }

  /** Called at most once. */
  watchMemory(memory: MemoryGuard): void {
    this.#gauge('memory_short', '1 while requests are refused since memory is short.', () =>
      Number(memory.isShort),
    );
    this.#gauge(
      'heap_used_bytes',
      "What was left of the HTTP process's heap by its last full collection.",
      () => memory.figures.usedBytes,
    );
    this.#gauge(
      'heap_limit_bytes',
      'What may be left of it: the limit without the young generation.',
      () => memory.figures.limitBytes,
    );
  }

  /** `text/plain` in the version that Prometheus asks for. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The registry in Prometheus' text format. */
  async render(): Promise<string> {
    this.#observeNow();
    return withVllmNames(await this.#registry.metrics(), PREFIX, this.#names);
  }

  /** `countHttpRequest` must follow, when its last byte is out. */
  openHttpRequest(): void {
    this.#loopDelay.enter();
  }

  countHttpRequest(method: string, route: string, status: number): void {
    this.#loopDelay.leave();
    this.#httpRequests.inc({ method, route, status });
  }

  dispose(): void {
    this.#loopDelay.dispose();
    this.#registry.clear();
  }

  #observeLater(observe: () => void): void {
    if (this.#later.push(observe) === 1) setTimeout(() => this.#observeNow(), OBSERVE_DELAY_MS).unref();
  }

  #observeNow(): void {
    for (const observe of this.#later.splice(0)) observe();
  }

  #observeFinished(label: ModelLabel, record: RequestRecord): void {
    for (const finishReason of record.finishReasons) {
      this.#requestSuccess.inc({ ...label, finished_reason: finishReason });
    }
    this.#observeTimings(label, record.timings);
    this.#paramsN.observe(label, record.n);
    this.#paramsMaxTokens.observe(label, record.maxTokens);
    this.#promptTokens.observe(label, record.usage.numPromptTokens);
    this.#generationTokens.observe(label, record.usage.numGeneratedTokens);
    this.#longestGeneration.observe(label, record.mostGeneratedTokens);
  }

  /** The intervals between vLLM's events QUEUED, SCHEDULED, first and last NEW_TOKENS. */
  #observeTimings(label: ModelLabel, { queueMs, ttftMs, totalMs }: Timings): void {
    this.#endToEnd.observe(label, totalMs / 1000);
    if (queueMs === undefined) return;
    this.#queueTime.observe(label, queueMs / 1000);
    this.#inferenceTime.observe(label, (totalMs - queueMs) / 1000);
    if (ttftMs === undefined) return;
    this.#ttft.observe(label, ttftMs / 1000);
    this.#prefillTime.observe(label, (ttftMs - queueMs) / 1000);
    this.#decodeTime.observe(label, (totalMs - ttftMs) / 1000);
  }

  #watchLoopDelay(): LoopDelay {
    const histogram = new Histogram({
      name: `${PREFIX}event_loop_delay_seconds`,
      help: 'How late the HTTP process got to its timers, while it had requests.',
      buckets: LOOP_DELAY_BUCKETS_S,
      registers: [this.#registry],
    });
    return new LoopDelay((seconds) => histogram.observe(seconds));
  }

  /** A counter that is kept elsewhere; it never falls, so setting it anew is safe. */
  #totalOf(name: string, help: string, read: () => number): void {
    new Counter({
      name: PREFIX + name,
      help,
      registers: [this.#registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }

  #gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name: PREFIX + name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
      },
    });
  }

  /** Of each model in memory, and of the default one. */
  #engineGauge(models: ServedModels, name: string, help: string, read: (stats: EngineStats) => number): void {
    new Gauge({
      name: PREFIX + name,
      help,
      labelNames: [MODEL],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const { modelId, engine, isLoaded } of models.engines()) {
          if (isLoaded || engine === models.defaultEngine)
            this.set({ [MODEL]: modelId }, read(engine.stats()));
        }
      },
    });
  }

  /** A counter that each engine keeps; it never falls, so setting it anew is safe. */
  #engineCounter(
    models: ServedModels,
    name: string,
    help: string,
    read: (stats: EngineStats) => number,
  ): void {
    new Counter({
      name: PREFIX + name,
      help,
      labelNames: [MODEL],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const { modelId, engine } of models.engines())
          this.inc({ [MODEL]: modelId }, read(engine.stats()));
      },
    });
  }

  #counter<L extends string>(name: string, help: string, labelNames: L[]): Counter<L> {
    return new Counter({ name: PREFIX + name, help, labelNames, registers: [this.#registry] });
  }

  #histogram(name: string, help: string, buckets: number[]): Histogram<typeof MODEL> {
    const registers = [this.#registry];
    const histogram = new Histogram({ name: PREFIX + name, help, labelNames: [MODEL], buckets, registers });
    this.#histograms.push(histogram);
    return histogram;
  }
}
