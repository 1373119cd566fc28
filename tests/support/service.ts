import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { getCurrentTest } from 'vitest/suite';
import { until as holdsWithin } from '../../chaos/support/until.ts';
import { readConfig } from '../../src/config/config.ts';
import { EngineProcess, type EngineProcessEvents } from '../../src/engine/client/process/engine-process.ts';
import type { EngineSettings } from '../../src/engine/protocol.ts';
import { startService, type Service } from '../../src/service.ts';
import { watchedLogger } from './log-watch.ts';

export const EMBEDDED_MODEL = fileURLToPath(new URL('../../model-weights', import.meta.url));
export const TINY_MODEL = fileURLToPath(new URL('../fixtures/tiny-gpt2', import.meta.url));

/** In a hook, whose own time is not known here: the longest that a project gives. */
const HOOK_TIMEOUT_MS = 120_000;
/** Of a test's time, so that what it waited for is said before the test is stopped. */
const WAIT_SHARE = 0.9;
const POLL_MS = 20;

export interface TestService extends Service {
  /** The engine process that serves now. */
  engineProcess(): EngineProcess;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The whole service on a free port, in this process, with the tiny model unless told otherwise. */
export async function startTestService(
  environment: Record<string, string> = {},
  processOptions: { execArgv?: readonly string[] } = {},
): Promise<TestService> {
  const config = readConfig(
    {
      PORT: '0',
      MODEL: TINY_MODEL,
      RUNTIME: 'wasm',
      BENCHMARK_RESULTS: 'memory',
      GATEWAY_LOGS: 'memory',
      ...environment,
    },
    [],
  );
  const processes: EngineProcess[] = [];
  const createProcess = (settings: EngineSettings, events: EngineProcessEvents): EngineProcess => {
    const started = new EngineProcess(settings, events, processOptions);
    processes.push(started);
    return started;
  };
  // With LOG_PROMPTS what was sent is meant to be there.
  const logger = config.logPrompts ? pino({ level: 'silent' }) : watchedLogger('debug');
  const service = await startService(config, logger, { createProcess });
  return {
    ...service,
    engineProcess: () => {
      const latest = processes.at(-1);
      if (latest === undefined) throw new Error('no engine process was started');
      return latest;
    },
    [Symbol.asyncDispose]: () => service.close(0),
  };
}

/** The value of a metric: of all its models together, where it tells them apart. */
export async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const values = text
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
  if (values.length === 0) throw new Error(`/metrics has no ${name}`);
  return values.reduce((sum, value) => sum + value, 0);
}

/**
 * Waits until a condition holds. Where it never does, the test fails with the condition's own words, and nothing polls on
 * beside the tests that follow.
 */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  const limitMs = (getCurrentTest()?.timeout ?? HOOK_TIMEOUT_MS) * WAIT_SHARE;
  if (await holdsWithin(condition, limitMs, POLL_MS)) return;
  throw new Error(`this did not hold within ${limitMs / 1000} s: ${condition.toString()}`);
}
