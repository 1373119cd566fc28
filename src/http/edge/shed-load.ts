import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ANONYMOUS } from '../../access/principal.ts';
import { toEngineError, type EngineError } from '../../errors.ts';
import { isAllowedHost } from '../middleware/allowed-host.ts';
import { parseAuthority } from './authority.ts';
import { clientIdOf } from '../middleware/identity.ts';
import { toErrorResponse } from '../error-response.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { CREDENTIAL_HEADERS } from '../middleware/authenticate.ts';
import { FAIRNESS_HEADER } from '../middleware/request-middleware.ts';
import type { RequestLog } from '../middleware/request-log.ts';
import { RequestScope } from '../request-scope.ts';
import type { RouteTable } from '../route-facts.ts';
import type { RequestTracer } from '../middleware/request-tracer.ts';
import { answerHeaders } from '../middleware/answer-headers.ts';

export interface LoadShedderOptions {
  /** @throws EngineError `queue_full`, and what else the app says better */
  checkRoom(clientId: string): void;
  /** The pattern of a path whose route asks `checkRoom` before it looks at the request; undefined for other paths. */
  findQueuedRoute: (path: string) => string | undefined;
  routes: RouteTable;
  allowedHosts: readonly string[];
  /** Whether a request without a key may come in. */
  allowsAnonymous: boolean;
  log: RequestLog;
  metrics: Metrics;
  tracer?: RequestTracer | undefined;
}

/** Says whether it has answered. */
export type LoadShedder = (network: string, incoming: IncomingMessage, outgoing: ServerResponse) => boolean;

/** A longer body is left to the app, which decides whether the connection is worth keeping. */
const MAX_BODY_BYTES = 65_536;

/** With one of these the app has more to ask than whether there is room. */
const TELLING_HEADERS = [
  ...CREDENTIAL_HEADERS,
  'origin',
  'sec-fetch-site',
  'sec-fetch-mode',
  'x-request-id',
  FAIRNESS_HEADER,
  'transfer-encoding',
  'expect',
];

/**
 * Refuses requests that the queue has no room for before the app has seen them: in an overload refusals are most of what
 * the service does, and each takes time from the engine (docs/decisions/0050-refused-at-the-door.md). The answer is the
 * app's own, and so are its log line and its metrics. What is not plain goes to the app.
 */
export function createLoadShedder(options: LoadShedderOptions): LoadShedder {
  const { log, metrics, tracer } = options;
  return (network, incoming, outgoing) => {
    if (network === '' || !isPlain(incoming, options)) return false;
    const path = incoming.url ?? '';
    const route = options.findQueuedRoute(path);
    if (route === undefined) return false;
    const client = { network, presentedKey: '', principal: ANONYMOUS };
    const refusal = refusalOf(() => options.checkRoom(clientIdOf(client)));
    if (refusal?.code !== 'queue_full') return false;
    const scope = new RequestScope(randomUUID(), 'POST', path, (outcome) => {
      metrics.countHttpRequest('POST', route, outcome.status);
      log.write(outcome);
      tracer?.end(outcome);
    });
    scope.network = network;
    scope.route = route;
    scope.facts = options.routes.factsOf(route, path);
    tracer?.begin(scope, (name) => headerOf(incoming, name));
    metrics.openHttpRequest();
    scope.error = refusal;
    answer(scope, refusal, outgoing);
    // The connection goes on with what comes after the body.
    incoming.resume();
    return true;
  };
}

function isPlain({ method, headers }: IncomingMessage, options: LoadShedderOptions): boolean {
  if (method !== 'POST' || !options.allowsAnonymous) return false;
  if (!(Number(headers['content-length']) <= MAX_BODY_BYTES)) return false;
  if (TELLING_HEADERS.some((name) => headers[name] !== undefined)) return false;
  return isAllowedHost(parseAuthority(headers.host ?? ''), options.allowedHosts);
}

function refusalOf(check: () => void): EngineError | undefined {
  try {
    check();
    return undefined;
  } catch (thrown) {
    return toEngineError(thrown);
  }
}

function answer(scope: RequestScope, error: EngineError, outgoing: ServerResponse): void {
  const { status, headers, body } = toErrorResponse(error, scope.facts, scope.id);
  const text = JSON.stringify(body);
  outgoing.writeHead(status, {
    ...headers,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...answerHeaders(scope),
  });
  outgoing.end(text);
  scope.respond(status);
}

/** A header that came several times is joined into one, which is malformed then. */
const headerOf = ({ headers }: IncomingMessage, name: string): string | undefined =>
  headers[name]?.toString();
