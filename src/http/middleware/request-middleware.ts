import { randomUUID } from 'node:crypto';
import type { BlockList } from 'node:net';
import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import type { AppContext, AppEnv } from '../app-env.ts';
import { authorityOf } from '../edge/authority.ts';
import { handleError } from './error-handlers.ts';
import { clientAddressOf, isTrusted, networkOf, plainAddress } from '../edge/client-address.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { OwnProcess } from './own-process.ts';
import { readCredentials } from './authenticate.ts';
import { chooseRequestId } from './request-id.ts';
import type { RequestLog } from './request-log.ts';
import { RequestScope } from '../request-scope.ts';
import type { RouteTable } from '../route-facts.ts';
import { answerHeaders } from './answer-headers.ts';

/**
 * Around every request: gives it its id, puts id and timings on the answer, and writes its log line and metrics
 * when its last byte is out.
 */
export function requestMiddleware(
  routes: RouteTable,
  log: RequestLog,
  metrics: Metrics,
  trustedProxies: BlockList,
  { collector, requests }: Partial<OwnProcess> = {},
): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const id = chooseRequestId(c.req.header('x-request-id'));
    const scope = new RequestScope(id, c.req.method, c.req.path, (outcome) => {
      collector?.leave();
      leave?.();
      metrics.countHttpRequest(scope.method, scope.route, outcome.status);
      log.write(outcome);
    });
    const route = routePath(c, -1);
    // Middleware alone matched: its pattern says nothing.
    const isMatched = route !== '/*' && route !== '*';
    if (isMatched) scope.route = route;
    scope.facts = routes.factsOf(isMatched ? route : undefined, scope.path);
    setOrigin(c, scope, trustedProxies);
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
    if (c.res !== scope.answerWithHeaders) {
      for (const [name, value] of Object.entries(answerHeaders(scope))) c.res.headers.set(name, value);
    }
    scope.respond(c.res.status);
  };
}

/** Where a request came from, as far as is known before its key is checked. */
function setOrigin(c: AppContext, scope: RequestScope, trustedProxies: BlockList): void {
  const peer = c.env.incoming?.socket.remoteAddress ?? '';
  const headers = { xForwardedFor: c.req.header('x-forwarded-for'), forwarded: c.req.header('forwarded') };
  scope.network = c.env.network ?? networkOf(clientAddressOf(peer, headers, trustedProxies));
  scope.authority = authorityOf(c.req.url);
  scope.isProxied = isTrusted(plainAddress(peer), trustedProxies);
  scope.isNameless = scope.network === '';
  // Two requests of one nameless client have no owner in common, so that no other's can have it either.
  const [key = ''] = scope.isNameless ? [randomUUID()] : readCredentials(c.req.raw.headers);
  scope.presentedKey = key;
}
