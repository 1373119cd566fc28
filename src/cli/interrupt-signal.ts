import { EngineError } from '../errors.ts';

/** What work that Ctrl-C stopped ends with. */
export const INTERRUPTED = new EngineError('request_timeout', 'interrupted', { retryable: false });

/** Aborted by Ctrl-C; a second one is left to Node, which ends the process. */
export function interruptSignal(): AbortSignal {
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort(INTERRUPTED));
  return interrupt.signal;
}
