import { Hono } from 'hono';
import type { AppDependencies, RouteDependencies } from './app-dependencies.ts';
import { modelRoutes, routes } from './routes.ts';
import { createBatches } from './workers-ai/answer-batch.ts';
import type { AppEnv } from '../src/http/app-env.ts';
import { createLoadShedder, type LoadShedder } from '../src/http/edge/shed-load.ts';
import { withHeartbeat } from '../src/http/heartbeat.ts';
import { hostMiddleware } from '../src/http/middleware/allowed-host.ts';
import { authenticate } from '../src/http/middleware/authenticate.ts';
import { allowedMethods, handleError, handleNotFound } from '../src/http/middleware/error-handlers.ts';
import { innerRequest } from '../src/http/middleware/inner-request.ts';
import { limitRequests } from '../src/http/middleware/limit-requests.ts';
import { offerResumption } from '../src/http/middleware/offer-resumption.ts';
import { shedRequests } from '../src/http/middleware/own-process.ts';
import { freeIdMiddleware } from '../src/http/middleware/request-id.ts';
import { RequestLog } from '../src/http/middleware/request-log.ts';
import { requestMiddleware } from '../src/http/middleware/request-middleware.ts';
import { siteMiddleware } from '../src/http/middleware/site-middleware.ts';
import { createPathRouter, RouteTable } from '../src/http/route-facts.ts';
import { StreamStore } from '../src/http/sse/stream-store.ts';

const ROUTES = new RouteTable(routes);

/** The HTTP service without a socket: `main` listens with it, tests call it. */
export function createApp(dependencies: AppDependencies): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const { access, config, metrics, ownProcess, tracer } = dependencies;
  app.use(requestMiddleware(ROUTES, requestLogOf(dependencies), metrics, config, { ...ownProcess, tracer }));
  app.use(hostMiddleware(config.allowedHosts));
  app.use(siteMiddleware(config.corsOrigins));
  if (ownProcess !== undefined) app.use(shedRequests(ownProcess.memory));
  const streams = new StreamStore({ maxBytes: config.streamBufferBytes, graceMs: config.streamGraceMs });
  metrics.watchStreams(streams);
  ownProcess?.memory.onRelease(() => streams.release());
  app.use(offerResumption(streams));
  if (access.keys !== undefined) {
    app.use(authenticate(access.keys, access.allowsAnonymous, metrics, config.metricsAllow));
  }
  app.use(freeIdMiddleware());
  if (access.keys !== undefined) app.use(limitRequests(access.limits, metrics));
  app.onError(handleError);
  const inner = createInnerApp();
  ownProcess?.memory.onRelease(() => dependencies.gateway.cache.release());
  const routeDependencies: RouteDependencies = {
    ...dependencies,
    streams,
    batches: createBatches(dependencies),
    dispatch: async (request, env) => inner.fetch(request, env),
  };
  // After the middleware: Hono runs handlers in the order in which they were added.
  for (const { path, isQueued, createHandlers } of routes) {
    for (const [method, handler] of Object.entries(createHandlers(routeDependencies))) {
      const beats = isQueued === true && method === 'post' && config.heartbeatMs > 0;
      app.on(method, path, beats ? withHeartbeat(handler, config.heartbeatMs) : handler);
      if (modelRoutes.has(path)) inner.on(method, path, handler);
    }
  }
  app.notFound(handleNotFound(allowedMethods(app)));
  return app;
}

/** For requests that the service makes to itself. */
function createInnerApp(): Hono<AppEnv> {
  const inner = new Hono<AppEnv>();
  inner.use(innerRequest(ROUTES));
  inner.onError(handleError);
  inner.notFound(handleNotFound(() => []));
  return inner;
}

/** What stands before the application on a socket. */
export function loadShedderOf(dependencies: AppDependencies): LoadShedder {
  const { models, access, config, metrics, ownProcess, tracer } = dependencies;
  return createLoadShedder({
    checkRoom: (clientId) => {
      ownProcess?.memory.checkRoom();
      models.checkRoom(clientId);
    },
    findQueuedRoute: createPathRouter(routes.filter(({ isQueued }) => isQueued).map(({ path }) => path)),
    routes: ROUTES,
    allowedHosts: config.allowedHosts,
    allowsAnonymous: access.keys === undefined || access.allowsAnonymous,
    log: requestLogOf(dependencies),
    metrics,
    tracer,
  });
}

const requestLogOf = ({ logger, openApiDocument, config }: AppDependencies): RequestLog =>
  new RequestLog(logger, { openApiDocument, showsTexts: config.logPrompts });
