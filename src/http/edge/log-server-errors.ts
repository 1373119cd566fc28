import type { Server } from 'node:http';
import type { Logger } from 'pino';
import { monotonicMs } from '../../values.ts';

/** A server that cannot accept says so for each connection. */
const LOG_INTERVAL_MS = 10_000;

/**
 * Logs what goes wrong with a server that listens, such as a connection that cannot be accepted for want of file
 * descriptors. It is no reason to end: the next connection may be accepted. At most a line in ten seconds is written.
 */
export function logServerErrors(server: Server, logger: Logger, now: () => number = monotonicMs): void {
  let numErrors = 0;
  let loggedAt = -Infinity;
  server.on('error', (err) => {
    numErrors++;
    if (now() - loggedAt < LOG_INTERVAL_MS) return;
    logger.error({ err, numErrors }, 'the HTTP server has an error, and goes on');
    numErrors = 0;
    loggedAt = now();
  });
}
