import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { Server as SocketServer } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Config } from '../../config/config.ts';
import { Connections } from './connections.ts';
import { unwrapMiniflareRequest } from './miniflare-request.ts';
import type { LoadShedder } from './shed-load.ts';
import type { Logger } from 'pino';
import { monotonicMs } from '../../values.ts';

export interface NodeServerOptions {
  /** The app. */
  fetch: Parameters<typeof getRequestListener>[0];
  /** What it refuses the app never sees. */
  shedLoad: LoadShedder;
  config: Pick<
    Config,
    'maxConnections' | 'keepAliveMs' | 'receiveTimeoutMs' | 'stallTimeoutMs' | 'trustProxy'
  >;
}

export interface NodeServer {
  readonly server: Server;
  /** Answers go on, each telling its client that it is the last on its connection. */
  readonly leave: () => void;
  /**
   * Accepts no connection any more. Resolves when each is closed: one without a request almost at once, the others when
   * their answers are out or the time is up.
   */
  readonly close: (timeoutMs: number) => Promise<void>;
}

const MAX_HEADERS_TIMEOUT_MS = 15_000;
/** How often Node looks for requests that take too long to arrive. */
const MAX_CHECK_INTERVAL_MS = 5000;
const MAX_HEADER_BYTES = 16 * 1024;

/**
 * Node's HTTP server with every bound that a client can run into before a route sees its request, and after the route
 * has answered: docs/decisions/0038-connections.md. Not listening yet.
 */
export function createNodeServer({ fetch, shedLoad, config }: NodeServerOptions): NodeServer {
  // A Host is what HTTP/1.0 may lack, and its senders no browsers.
  const askApp = getRequestListener(fetch, { hostname: 'localhost' }) as RequestListener;
  const listener: RequestListener = (incoming, outgoing) => {
    unwrapMiniflareRequest(incoming);
    const network = connections.of(incoming.socket)?.network ?? '';
    if (!shedLoad(network, incoming, outgoing)) askApp(incoming, outgoing);
  };
  const connections = new Connections(config.maxConnections, config.trustProxy);
  const server = createServer(serverOptions(config), (incoming, outgoing) =>
    connections.of(incoming.socket)?.handle(incoming, outgoing),
  );
  // Node's types leave it out; Connection tells a client that only stopped sending from one that is gone.
  // A connection of a burst is read when it is its turn.
  Object.assign(server, { httpAllowHalfOpen: true, pauseOnConnect: true });
  server.on('connection', (socket) => connections.open(socket, listener));
  server.setTimeout(config.stallTimeoutMs, (socket) => connections.of(socket)?.onTimeout());
  return {
    server,
    leave: () => connections.leave(),
    close: (timeoutMs) => closeServer(server, connections, timeoutMs),
  };
}

function closeServer(server: Server, connections: Connections, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), timeoutMs);
    // The method of `http.Server` would close idle connections before a request that is on its way is read, and would
    // end the checks of `headersTimeout` and `requestTimeout`, which running requests still need.
    SocketServer.prototype.close.call(server, () => {
      clearTimeout(timer);
      // Ends those checks.
      server.close();
      resolve();
    });
    connections.end();
  });
}

function serverOptions({ receiveTimeoutMs, keepAliveMs }: NodeServerOptions['config']): ServerOptions {
  const headersTimeout = Math.min(receiveTimeoutMs, MAX_HEADERS_TIMEOUT_MS);
  return {
    headersTimeout,
    requestTimeout: receiveTimeoutMs,
    connectionsCheckingInterval: Math.min(headersTimeout / 2, MAX_CHECK_INTERVAL_MS),
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: MAX_HEADER_BYTES,
    insecureHTTPParser: false,
  };
}

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
