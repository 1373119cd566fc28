import type { Logger } from 'pino';
import { MAX_TIMER_MS } from './config/timer-limit.ts';
import { exitProcess, exitProcessAtOnce } from './exit-process.ts';
import type { Service } from './service.ts';

const SIGNALS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP'];
/** For what closes after the last stream: engines, connections. */
const CLOSE_LIMIT_MS = 5000;
/** `npm start` can be killed without a signal to us. */
const PARENT_INTERVAL_MS = 2000;

/**
 * Ends the process in an orderly way on a signal. Before the service has started there is nothing to drain; a second
 * signal ends it at once, since whoever sends it does not want to wait.
 *
 * @param shutdownTimeoutMs that running streams have to finish
 */
export function drainOnSignals(starting: Promise<Service>, shutdownTimeoutMs: number, logger: Logger): void {
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
    logger.info({ signal: reason, timeoutMs: shutdownTimeoutMs }, 'draining');
    if (service === undefined) {
      void exitProcess(0);
      return;
    }
    closeWithin(service, shutdownTimeoutMs).then(
      () => exitProcess(0),
      (err: unknown) => {
        logger.error({ err }, 'the service could not be closed');
        return exitProcess(1);
      },
    );
  };
  for (const signal of SIGNALS) process.on(signal, () => drain(signal));
  if (process.env['npm_lifecycle_event'] === 'start') {
    onParentGone(() => {
      if (!isDraining) drain('npm is gone');
    });
  }
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

/** A process whose parent dies gets another one. */
function onParentGone(tell: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    tell();
  }, PARENT_INTERVAL_MS);
  timer.unref();
}
