import type { Client } from './client.ts';
import { readMetrics } from './metrics.ts';
import { numOpenFiles, residentBytes } from './proc.ts';
import type { ServiceUnderTest } from './service.ts';
import { until } from './until.ts';

/** What a service has when nothing is asked of it. */
export interface Baseline {
  restarts: number;
  tensors: number;
  engineBytes: number;
  /** What it may have after an attack. */
  mostServiceBytes: number;
  openFiles: number;
  engines: number;
  otherChildren: number;
}

/** V8 keeps some of the memory of a burst for the next one. */
const SERVICE_SLACK_BYTES = 128 * 2 ** 20;
/** Two looks at a calm service see more or less of the garbage that it has not collected. */
const REPEATED_SLACK_BYTES = 32 * 2 ** 20;
/** The heap of WebAssembly never shrinks: it stays as large as the largest step was. */
const ENGINE_SLACK_BYTES = 256 * 2 ** 20;
/** The connection that reads the metrics, and pipes of a worker process that started meanwhile. */
const OPEN_FILES_SLACK = 16;
/** Processes for texts, for documents small and large, and for vectors start when they are first needed. */
const CHILDREN_SLACK = 5;
const SETTLE_LIMIT_MS = 20_000;
/** A service that is asked all the time never collects what garbage it has. */
const POLL_MS = 500;
const SERVICE_MEMORY = 'MiB of the service';

export async function readBaseline(service: ServiceUnderTest, client: Client): Promise<Baseline> {
  const metrics = await readMetrics(client);
  if (metrics === undefined) throw new Error('/metrics does not answer in a calm service');
  const { restarts, tensors, engineBytes } = metrics;
  const { serviceBytes, ...processes } = readProcesses(service);
  return {
    restarts,
    tensors,
    engineBytes,
    mostServiceBytes: serviceBytes + SERVICE_SLACK_BYTES,
    ...processes,
  };
}

function readProcesses(
  service: ServiceUnderTest,
): Pick<Baseline, 'openFiles' | 'engines' | 'otherChildren'> & { serviceBytes: number } {
  const { pid } = service;
  return {
    serviceBytes: residentBytes(pid),
    openFiles: numOpenFiles(pid),
    engines: service.enginePids().length,
    otherChildren: service.textWorkerPids().length,
  };
}

export interface Settled {
  /** Until everything was back; `undefined`: it was not within the limit. */
  seconds: number | undefined;
  restarts: number;
  /** What was not back, one sentence each. */
  differences: string[];
  /** All but the memory of the service was back: it has so many bytes. */
  keptBytes: number | undefined;
}

/**
 * What a service may have after the same attack once more. Where all requests have ended, its allocator may keep what it
 * got; a leak would grow.
 */
export const afterRepetition = (before: Baseline, keptBytes: number): Baseline => ({
  ...before,
  mostServiceBytes: keptBytes + REPEATED_SLACK_BYTES,
});

/** Waits until a service is back at its baseline. */
export async function settle(service: ServiceUnderTest, client: Client, before: Baseline): Promise<Settled> {
  const startedAt = performance.now();
  let last: Comparison = { differences: ['/metrics does not answer'], restarts: 0, keptBytes: undefined };
  const isBack = async (): Promise<boolean> => {
    if (service.hasEnded) last = { ...last, differences: ['the service has ended'] };
    else last = await compare(service, client, before);
    return last.differences.length === 0;
  };
  const isSettled = await until(isBack, SETTLE_LIMIT_MS, POLL_MS);
  return { seconds: isSettled ? (performance.now() - startedAt) / 1000 : undefined, ...last };
}

type Comparison = Omit<Settled, 'seconds'>;

async function compare(service: ServiceUnderTest, client: Client, before: Baseline): Promise<Comparison> {
  const metrics = await readMetrics(client);
  if (metrics === undefined) {
    return { differences: ['/metrics does not answer'], restarts: 0, keptBytes: undefined };
  }
  const ready = await client.get('/ready', { limitMs: 5000 });
  const now = readProcesses(service);
  const bounds: [what: string, value: number, most: number][] = [
    ['requests running', metrics.running, 0],
    ['requests waiting', metrics.waiting, 0],
    ['requests waiting for a model', metrics.waitingForModel, 0],
    ['seats used', metrics.seatsUsed, 0],
    ['tensors', metrics.tensors, before.tensors],
    ['MiB of the engine', mebibytes(metrics.engineBytes), mebibytes(before.engineBytes + ENGINE_SLACK_BYTES)],
    [SERVICE_MEMORY, mebibytes(now.serviceBytes), mebibytes(before.mostServiceBytes)],
    ['open files', now.openFiles, before.openFiles + OPEN_FILES_SLACK],
    ['engine processes', now.engines, before.engines],
    ['other processes', now.otherChildren, before.otherChildren + CHILDREN_SLACK],
  ];
  const over = bounds.filter(([, value, most]) => value > most);
  const differences = over.map(([what, value, most]) => `${value} ${what}, at most ${most} expected`);
  if (ready.status !== 200) differences.push(`/ready is ${ready.status}`);
  const isMemoryAlone = differences.length === 1 && over[0]?.[0] === SERVICE_MEMORY;
  return {
    differences,
    restarts: metrics.restarts - before.restarts,
    keptBytes: isMemoryAlone ? now.serviceBytes : undefined,
  };
}

export const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
