import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import { MAX_TIMER_MS } from '../config/timer-limit.ts';
import { exitProcess, exitProcessAtOnce } from '../process/bind-to-parent.ts';
import type { Service } from '../service.ts';
import { standardError } from '../process/standard-streams.ts';
import { EngineError } from '../errors.ts';

/** Scripts of package.json that run the service until it is stopped. */
const STARTING_SCRIPTS: readonly string[] = ['start', 'tokenflare'];
const SIGNALS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP'];
/** For what closes after the last stream: engines, connections. */
const CLOSE_LIMIT_MS = 5000;
/** How soon it is noticed that `npm start` was killed. */
const STARTER_INTERVAL_MS = 2000;

/**
 * Ends the process in an orderly way on a signal. Before the service has started there is nothing to drain; a second
 * signal ends it at once, since its sender does not want to wait.
 *
 * @param times how long it serves on, and how long running streams have to finish then
 */
export function drainOnSignals(
  starting: Promise<Service>,
  times: Pick<Config, 'drainDelayMs' | 'shutdownTimeoutMs'>,
  logger: Logger,
): void {
  let service: Service | undefined;
  void starting.then(
    (started) => (service = started),
    () => undefined,
  );
  let isDraining = false;
  const drain = (reason: string): void => {
    if (isDraining) {
      exitProcessAtOnce(1);
      return;
    }
    isDraining = true;
    const { drainDelayMs, shutdownTimeoutMs } = times;
    logger.info({ signal: reason, delayMs: drainDelayMs, timeoutMs: shutdownTimeoutMs }, 'draining');
    const numRunning = service?.numRunning() ?? 0;
    standardError.write(`${farewell(reason, numRunning, shutdownTimeoutMs, service ? drainDelayMs : 0)}\n`);
    if (service === undefined) {
      void exitProcess(0);
      return;
    }
    leaveAndClose(service, times).then(
      () => exitProcess(0),
      (err: unknown) => {
        logger.error({ err }, 'the service could not be closed');
        return exitProcess(1);
      },
    );
  };
  for (const signal of SIGNALS) process.on(signal, () => drain(signal));
  if (STARTING_SCRIPTS.includes(process.env['npm_lifecycle_event'] ?? '')) {
    onStarterGone(() => {
      if (!isDraining) drain('npm is gone');
    });
  }
}

/**
 * What the sender of a signal is told, who may not want to wait.
 * @param numRunning sequences that run or wait
 * @param delayMs that the service serves on
 */
export function farewell(reason: string, numRunning: number, timeoutMs: number, delayMs = 0): string {
  const again = reason === 'SIGINT' ? 'Ctrl-C again' : 'a second signal';
  if (delayMs > 0)
    return `Tokenflare serves on for ${delayMs / 1000} s, then stops; ${again} stops it at once`;
  if (numRunning === 0 || timeoutMs === 0) return 'Tokenflare stops';
  const answers = numRunning === 1 ? '1 answer that runs has' : `${numRunning} answers that run have`;
  return `Tokenflare stops: ${answers} ${timeoutMs / 1000} s to end; ${again} stops it at once`;
}

/** Proxies have the delay to see that `/ready` is 503, and that each connection ends. @throws Error as `closeWithin` */
async function leaveAndClose(
  service: Service,
  { drainDelayMs, shutdownTimeoutMs }: Pick<Config, 'drainDelayMs' | 'shutdownTimeoutMs'>,
): Promise<void> {
  service.leave();
  if (drainDelayMs > 0) await sleep(drainDelayMs);
  await closeWithin(service, shutdownTimeoutMs);
}

/** @throws Error when it takes much longer than it was given */
async function closeWithin(service: Service, timeoutMs: number): Promise<void> {
  const limitMs = Math.min(timeoutMs + CLOSE_LIMIT_MS, MAX_TIMER_MS);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it is not closed after ${limitMs} ms`)), limitMs);
  });
  try {
    await Promise.race([service.close(timeoutMs), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A process whose parent has died gets another one: so do we, or the shell that npm put between. */
function onStarterGone(tell: () => void): void {
  const parents = (): string => [process.ppid, ...parentOfShell(process.ppid)].join();
  const before = parents();
  const timer = setInterval(() => {
    if (parents() === before) return;
    clearInterval(timer);
    tell();
  }, STARTER_INTERVAL_MS);
  timer.unref();
}

/** npm runs a script by `sh -c`, and some shells stay until it ends. The parent of such a shell, where Linux tells. */
function parentOfShell(pid: number): string[] {
  try {
    const [, option] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    if (option !== '-c') return [];
    return /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.slice(1) ?? [];
  } catch {
    return [];
  }
}

/** What work that Ctrl-C stopped ends with. */
export const INTERRUPTED = new EngineError('request_timeout', 'interrupted', { retryable: false });

/** Aborted by Ctrl-C; a second one is left to Node, which ends the process. */
export function interruptSignal(): AbortSignal {
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort(INTERRUPTED));
  return interrupt.signal;
}
