import type { Client } from './client.ts';

/** The numbers of a service that an attack must leave as they were. */
export interface ServiceMetrics {
  restarts: number;
  running: number;
  waiting: number;
  waitingForModel: number;
  seatsUsed: number;
  tensors: number;
  engineBytes: number;
  steps: number;
}

const NAMES: Record<keyof ServiceMetrics, string> = {
  restarts: 'engine_restarts_total',
  running: 'num_requests_running',
  waiting: 'num_requests_waiting',
  waitingForModel: 'num_requests_waiting_for_model',
  seatsUsed: 'seats_used',
  tensors: 'tensors',
  engineBytes: 'engine_resident_memory_bytes',
  steps: 'steps_total',
};

/** The default model is called so in every case. */
export const MODEL_ID = 'chaos';
const DEFAULT_MODEL = `model_name="${MODEL_ID}"`;

/** `undefined` when `/metrics` does not answer. */
export async function readMetrics(client: Client): Promise<ServiceMetrics | undefined> {
  const text = await readMetricsText(client);
  if (text === undefined) return undefined;
  const read = (key: keyof ServiceMetrics, label = ''): number =>
    sumOf(text, `tokenflare_${NAMES[key]}`, label);
  return {
    restarts: read('restarts'),
    running: read('running'),
    waiting: read('waiting'),
    waitingForModel: read('waitingForModel'),
    seatsUsed: read('seatsUsed'),
    steps: read('steps'),
    // Another model that was loaded meanwhile may stay.
    tensors: read('tensors', DEFAULT_MODEL),
    engineBytes: read('engineBytes', DEFAULT_MODEL),
  };
}

export async function readMetricsText(client: Client): Promise<string | undefined> {
  const { status, text } = await client.get('/metrics', { limitMs: 5000 });
  return status === 200 ? text : undefined;
}

/** The sum of a metric over its labels; those that `label` is no part of are left out. */
export function sumOf(text: string, name: string, label = ''): number {
  return text
    .split('\n')
    .filter((line) => (line.startsWith(`${name} `) || line.startsWith(`${name}{`)) && line.includes(label))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
