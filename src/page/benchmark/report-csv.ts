import type { BenchmarkReport } from '../service/wire.ts';

const COLUMNS = [
  'started_at',
  'model',
  'runtime',
  'cpu',
  'mode',
  'concurrency',
  'generated_tokens_per_s',
  'prompt_tokens_per_s',
  'ttft_p50_ms',
  'ttft_p95_ms',
  'ttft_p99_ms',
  'e2el_p50_ms',
  'e2el_p99_ms',
  'padding_waste',
] as const;

/** A line for each run of the report (RFC 4180). */
export function reportCsv({
  started_at: startedAt,
  model,
  runtime,
  machine,
  loads,
}: BenchmarkReport): string {
  const lines = loads.map((load) => {
    const { mode, concurrency, ttft_ms: ttft, e2el_ms: e2el, engine } = load;
    return [
      ...[startedAt, model.id, runtime, machine.cpu, mode, concurrency],
      ...[load.generated_tokens_per_s, load.prompt_tokens_per_s],
      ...[ttft?.p50, ttft?.p95, ttft?.p99, e2el?.p50, e2el?.p99, engine?.padding_waste],
    ];
  });
  return [COLUMNS, ...lines].map((line) => `${line.map(csvField).join(',')}\r\n`).join('');
}

function csvField(value: string | number | undefined): string {
  const text = String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
