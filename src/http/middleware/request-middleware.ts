import { randomUUID } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import type { Config } from '../../config/config.ts';
import type { AppContext, AppEnv } from '../app-env.ts';
import { authorityOf } from '../edge/authority.ts';
import { handleError } from './error-handlers.ts';
import { clientAddressOf, isTrusted, networkOf, plainAddress } from '../edge/client-address.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { OwnProcess } from './own-process.ts';
import type { RequestTracer } from './request-tracer.ts';
import { readCredentials } from './authenticate.ts';
import { chooseRequestId } from './request-id.ts';
import type { RequestLog } from './request-log.ts';
import { RequestScope } from '../request-scope.ts';
import type { RouteTable } from '../route-facts.ts';
import { answerHeaders } from './answer-headers.ts';

/** Of a gateway that llm-d's router stands behind: whose share of the service the request takes. */
export const FAIRNESS_HEADER = 'x-llm-d-inference-fairness-id';

/** The headers of proxies that the service believes. */
type TrustSettings = Pick<Config, 'trustProxy' | 'trustFairnessId'>;

/**
 * Around every request: gives it its id, puts id and timings on the answer, and writes its log line and metrics
 * when its last byte is out.
 */
export function requestMiddleware(
  routes: RouteTable,
  log: RequestLog,
  metrics: Metrics,
  trust: TrustSettings,
  { collector, requests, tracer }: Partial<OwnProcess> & { tracer?: RequestTracer | undefined } = {},
): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const id = chooseRequestId(c.req.header('x-request-id'));
    const scope = new RequestScope(id, c.req.method, c.req.path, (outcome) => {
      collector?.leave();
      leave?.();
      metrics.countHttpRequest(scope.method, scope.route, outcome.status);
      log.write(outcome);
      tracer?.end(outcome);
    });
    const route = routePath(c, -1);
    // Middleware alone matched: its pattern says nothing.
    const isMatched = route !== '/*' && route !== '*';
    if (isMatched) scope.route = route;
    scope.facts = routes.factsOf(isMatched ? route : undefined, scope.path);
    tracer?.begin(scope, (name) => c.req.header(name));
    setOrigin(c, scope, trust);
    collector?.enter();
    const leave = requests?.enter(scope);
    metrics.openHttpRequest();
    c.set('scope', scope);
    try {
      await next();
    } catch (thrown) {
      // The router's own refusals, and values that are no Error, pass by Hono's error handler.
      c.res = handleError(thrown, c);
    }
    // Hono answers HEAD by the handler of GET. The body is not sent, and holds memory until it is cancelled.
    if (c.req.method === 'HEAD') await c.res.body?.cancel();
    if (c.res !== scope.answerWithHeaders) {
      for (const [name, value] of Object.entries(answerHeaders(scope))) c.res.headers.set(name, value);
    }
    scope.respond(c.res.status);
  };
}

/** Where a request came from, as far as is known before its key is checked. */
function setOrigin(
  c: AppContext,
  scope: RequestScope,
  { trustProxy: trustedProxies, trustFairnessId }: TrustSettings,
): void {
  const peer = c.env.incoming?.socket.remoteAddress ?? '';
  const headers = { xForwardedFor: c.req.header('x-forwarded-for'), forwarded: c.req.header('forwarded') };
  scope.address = clientAddressOf(peer, headers, trustedProxies);
  scope.network = c.env.network ?? networkOf(scope.address);
  scope.authority = authorityOf(c.req.url);
  scope.isProxied = isTrusted(plainAddress(peer), trustedProxies);
  if (trustFairnessId && scope.isProxied) scope.fairnessName = c.req.header(FAIRNESS_HEADER) ?? '';
  scope.isNameless = scope.network === '';
  // Two requests of one nameless client have no owner in common, so that no other's can have it either.
  const [key = ''] = scope.isNameless ? [randomUUID()] : readCredentials(c.req.raw.headers);
  scope.presentedKey = key;
}
