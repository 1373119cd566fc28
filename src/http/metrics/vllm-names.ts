import { Gauge, type Registry } from 'prom-client';
import type { Config } from '../../config/config.ts';
import { PAGE_TOKENS } from '../../pages.ts';
import type { ServedModels } from '../../serving/served-models.ts';

/** METRICS_NAMES. */
export type MetricsNames = Config['metricsNames'];

const VLLM_PREFIX = 'vllm:';

/** Metrics that mean what vLLM's of the same name do. */
const SAME_NAMES = [
  'num_requests_running',
  'num_requests_waiting',
  'kv_cache_usage_perc',
  'prefix_cache_queries_total',
  'prefix_cache_hits_total',
  'prompt_tokens_total',
  'generation_tokens_total',
  'request_success_total',
  'spec_decode_num_draft_tokens_total',
  'spec_decode_num_accepted_tokens_total',
  'time_to_first_token_seconds',
  'inter_token_latency_seconds',
  'e2e_request_latency_seconds',
  'request_queue_time_seconds',
  'request_inference_time_seconds',
  'request_prefill_time_seconds',
  'request_decode_time_seconds',
  'request_params_n',
  'request_params_max_tokens',
  'request_prompt_tokens',
  'request_generation_tokens',
  'request_max_num_generation_tokens',
];

/** Our names without their prefix, and what vLLM calls the same: newer and older versions of it. */
const VLLM_NAMES: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ...SAME_NAMES.map((name): [string, string[]] => [name, [name]]),
  ['preemptions_total', ['num_preemptions_total']],
  ['kv_cache_usage_perc', ['kv_cache_usage_perc', 'gpu_cache_usage_perc']],
  ['inter_token_latency_seconds', ['inter_token_latency_seconds', 'time_per_output_token_seconds']],
]);

/** prom-client writes an empty line between two metrics, and none within one. */
const METRIC_END = '\n\n';

/**
 * The text of a scrape in which the metrics that vLLM has, too, stand under its names. They are counted once, under ours:
 * a picker may ask every 50 ms, and requests should not pay for a second name.
 */
export function withVllmNames(text: string, prefix: string, names: MetricsNames): string {
  if (names === 'tokenflare') return text;
  const metrics = text
    .trimEnd()
    .split(METRIC_END)
    .flatMap((metric) => {
      const own = nameIn(metric);
      const vllmNames = own.startsWith(prefix) ? VLLM_NAMES.get(own.slice(prefix.length)) : undefined;
      if (vllmNames === undefined) return [metric];
      const renamed = vllmNames.map((name) => renameMetric(metric, own, VLLM_PREFIX + name));
      return names === 'both' ? [metric, ...renamed] : renamed;
    });
  return `${metrics.join(METRIC_END)}\n`;
}

/** Of `# HELP NAME …`, with which each metric begins. */
const nameIn = (metric: string): string => metric.split(' ', 3)[2] ?? '';

/** At the beginning of each line alone: a label's value may hold the name as well. */
const renameMetric = (metric: string, own: string, name: string): string =>
  metric.replaceAll(new RegExp(`^(# HELP |# TYPE |)${own}`, 'gm'), `$1${name}`);

/** What vLLM tells of its cache and its adapters, as labels. Pickers read the size of blocks from it. */
export function registerVllmInfo(registry: Registry, models: ServedModels): void {
  const cache = new Gauge({
    name: `${VLLM_PREFIX}cache_config_info`,
    help: 'Pages of the KV cache: the tokens of each, and how many there are; the value is always 1.',
    labelNames: ['model_name', 'block_size', 'num_gpu_blocks'],
    registers: [registry],
    collect: () => {
      cache.reset();
      for (const { modelId, engine, isLoaded } of models.engines()) {
        if (!isLoaded) continue;
        const numPages = engine.stats().kvCacheTokens / PAGE_TOKENS;
        cache.set({ model_name: modelId, block_size: PAGE_TOKENS, num_gpu_blocks: numPages }, 1);
      }
    },
  });
  new Gauge({
    name: `${VLLM_PREFIX}lora_requests_info`,
    help: 'Adapters in use: there are none. The value is the time of the scrape, as vLLM has it.',
    labelNames: ['max_lora', 'running_lora_adapters', 'waiting_lora_adapters'],
    registers: [registry],
    collect() {
      const labels = { max_lora: 0, running_lora_adapters: '', waiting_lora_adapters: '' };
      this.set(labels, Date.now() / 1000);
    },
  });
}
