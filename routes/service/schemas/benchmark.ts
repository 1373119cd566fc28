import * as z from 'zod';
import {
  BENCHMARK_MODES,
  DEFAULT_BENCHMARK_PARAMS,
  defaultContextSweep,
  MAX_CONCURRENCY,
  MAX_REPEATS,
  MAX_RUNS,
  type BenchmarkParams,
} from '../../../src/bench/benchmark-params.ts';
import type { BenchmarkProgress, BenchmarkReport } from '../../../src/bench/benchmark-report.ts';
import type { RunSummary, StoredRun } from '../../../src/bench/run-store.ts';
import { toSnakeCase } from '../../../src/bench/snake-case.ts';
import { countSchema, nameSchema } from '../../shared/schemas/bounds.ts';

const { promptTokens, maxTokens, concurrency, repeats } = DEFAULT_BENCHMARK_PARAMS;
const mode = z.enum(BENCHMARK_MODES);

export const benchmarkRequestSchema = z
  .strictObject({
    prompt_tokens: countSchema
      .nullish()
      .meta({ default: promptTokens, description: 'Tokens of each prompt, drawn at random.' }),
    max_tokens: countSchema
      .nullish()
      .meta({ default: maxTokens, description: 'Tokens generated for each prompt.' }),
    concurrency: z
      .array(z.int().min(1).max(MAX_CONCURRENCY))
      .max(MAX_RUNS)
      .nullish()
      .meta({
        default: [...concurrency],
        description: 'Requests in flight at once; each value is a run of its own.',
      }),
    repeats: z
      .int()
      .min(1)
      .max(MAX_REPEATS)
      .nullish()
      .meta({ default: repeats, description: 'Requests of each concurrent client, one by one.' }),
    context_sweep: z
      .union([z.boolean(), z.array(countSchema).max(MAX_RUNS)])
      .nullish()
      .meta({
        default: false,
        description: 'Context lengths at which prefill and a cached step are timed; true picks some.',
      }),
    modes: z
      .array(mode)
      .max(BENCHMARK_MODES.length)
      .nullish()
      .meta({
        default: ['engine'],
        description: '`engine`: inside the service; `http`: through HTTP and SSE.',
      }),
    model: nameSchema.nullish().meta({ description: 'By default the default model.' }),
    seed: z.int().nullish().meta({ default: 0, description: 'Seed of the prompts.' }),
    stream: z.boolean().nullish().meta({ default: false, description: 'Progress as server-sent events.' }),
  })
  .meta({ id: 'BenchmarkRequest' });

export type BenchmarkInput = z.output<typeof benchmarkRequestSchema>;

/** The fields of the wire as the benchmark takes them; it checks them against the model itself. */
export function toBenchmarkParams(input: BenchmarkInput, contextLength: number): BenchmarkParams {
  const defaults = DEFAULT_BENCHMARK_PARAMS;
  const sweep = input.context_sweep ?? false;
  return {
    promptTokens: input.prompt_tokens ?? defaults.promptTokens,
    maxTokens: input.max_tokens ?? defaults.maxTokens,
    concurrency: input.concurrency ?? defaults.concurrency,
    repeats: input.repeats ?? defaults.repeats,
    contextSweep: sweep === true ? defaultContextSweep(contextLength) : sweep === false ? [] : sweep,
    modes: input.modes ?? defaults.modes,
    seed: input.seed ?? defaults.seed,
  };
}

const latency = z.object({ mean: z.number(), p50: z.number(), p95: z.number(), p99: z.number() });

const loadSchema = z.object({
  mode,
  concurrency: z.int(),
  num_requests: z.int(),
  duration_ms: z.number(),
  prompt_tokens: z.int(),
  generated_tokens: z.int(),
  prompt_tokens_per_s: z.number(),
  generated_tokens_per_s: z.number(),
  requests_per_s: z.number(),
  ttft_ms: latency
    .optional()
    .meta({ description: 'From sending to the first token; one value for each request.' }),
  tpot_ms: latency
    .optional()
    .meta({ description: 'Time per token after the first; one value for each request.' }),
  itl_ms: latency.optional().meta({ description: 'Each gap between two tokens.' }),
  e2el_ms: latency
    .optional()
    .meta({ description: 'From sending to the last token; one value for each request.' }),
  engine: z
    .object({
      num_steps: z.int(),
      rows_per_step: z.number(),
      padding_waste: z.number().meta({
        description:
          'Share of the rows computed that were padding: 0 on a runtime that computes rows of tokens alone.',
      }),
      attention_saved: z
        .number()
        .meta({ description: 'Share of query-key pairs saved over a rectangular batch.' }),
      kv_bytes_peak: z.number(),
      event_loop_delay_ms: z.object({ p50: z.number(), p99: z.number(), max: z.number() }),
    })
    .optional(),
});

const fit = z
  .object({
    exponent: z.number().optional(),
    offset_ms: z.number().optional(),
    r2: z.number().optional(),
    num_points: z.int(),
    theory: z.number(),
    method: z.string(),
  })
  .meta({ id: 'FittedExponent' });

const contextSweepSchema = z.object({
  mode,
  points: z.array(
    z.object({
      context_tokens: z.int(),
      prefill_ms: z.number(),
      split_prefill_ms: z.number(),
      split_gain_ms: z.number(),
      step_context_tokens: z.number(),
      step_ms: z.number(),
      attention_ms: z.number(),
    }),
  ),
  prefill: fit,
  prefill_attention: fit,
  cached_step: fit,
});

export const benchmarkReportSchema = z
  .object({
    started_at: z.string(),
    duration_ms: z.number(),
    params: z.object({
      prompt_tokens: z.int(),
      max_tokens: z.int(),
      concurrency: z.array(z.int()),
      repeats: z.int(),
      context_sweep: z.array(z.int()),
      modes: z.array(mode),
      seed: z.int(),
    }),
    model: z.object({
      id: z.string(),
      architecture: z.string(),
      num_parameters: z.int(),
      vocab_size: z.int(),
      context_length: z.int(),
      weight_bytes: z.int().optional(),
      max_num_seqs: z.int().optional(),
      kv_cache_tokens: z.int().optional(),
      kv_cache_bytes: z.int().optional(),
    }),
    runtime: z.string(),
    machine: z.object({
      cpu: z.string(),
      num_cores: z.int(),
      memory_bytes: z.int(),
      platform: z.string(),
      node_version: z.string(),
      load_before: z.number(),
      load_after: z.number(),
    }),
    loads: z.array(loadSchema),
    http_ratios: z
      .array(z.object({ concurrency: z.int(), ratio: z.number() }))
      .meta({ description: 'Generated tokens/s through HTTP over those of the engine alone.' }),
    context_sweep: contextSweepSchema.optional(),
  })
  .meta({ id: 'BenchmarkReport' });

const runFields = {
  id: z.string(),
  started_at: z.string().meta({ description: 'ISO 8601.' }),
  version: z.string().meta({ description: 'Of the service that measured.' }),
  model: z.string(),
  runtime: z.string(),
  cpu: z.string(),
  peak_generated_tokens_per_s: z
    .number()
    .nullable()
    .meta({ description: 'Of its fastest load; null without loads.' }),
};

export const benchmarkRunListSchema = z
  .object({ object: z.literal('list'), data: z.array(z.object(runFields)) })
  .meta({ id: 'BenchmarkRunList' });

export const benchmarkRunSchema = z
  .object({ ...runFields, report: benchmarkReportSchema })
  .meta({ id: 'BenchmarkRun' });

export const benchmarkRunDeletedSchema = z
  .object({ id: z.string(), deleted: z.literal(true) })
  .meta({ id: 'BenchmarkRunDeleted' });

export type BenchmarkRunListBody = z.output<typeof benchmarkRunListSchema>;
export type BenchmarkRunBody = z.output<typeof benchmarkRunSchema>;

const progressSchema = z.object({
  phase: z.enum(['warm_up', 'load', 'context_sweep']),
  mode,
  concurrency: z.int().optional(),
  num_done: z.int(),
  num_total: z.int(),
});

/** What each `data:` line of a benchmark's stream holds: progress, and at the end the report. */
export const benchmarkEventSchema = z
  .union([z.object({ progress: progressSchema }), z.object({ report: benchmarkReportSchema })])
  .meta({ id: 'BenchmarkEvent' });

export type BenchmarkReportBody = z.output<typeof benchmarkReportSchema>;
export type BenchmarkEvent = z.output<typeof benchmarkEventSchema>;

export const toReportBody = (report: BenchmarkReport): BenchmarkReportBody => toSnakeCase(report);

export const toProgressEvent = (progress: BenchmarkProgress): BenchmarkEvent => ({
  progress: toSnakeCase(progress),
});

export const toRunListBody = (runs: readonly RunSummary[]): BenchmarkRunListBody => ({
  object: 'list',
  data: runs.map(toRunFields),
});

export const toRunBody = (run: StoredRun): BenchmarkRunBody => ({
  ...toRunFields(run),
  report: toReportBody(run.report),
});

const toRunFields = (run: RunSummary): BenchmarkRunListBody['data'][number] => ({
  id: run.id,
  started_at: run.startedAt,
  version: run.version,
  model: run.model,
  runtime: run.runtime,
  cpu: run.cpu,
  peak_generated_tokens_per_s: run.peakGeneratedTokensPerS ?? null,
});
