import { Hono } from 'hono';
import { allowedMethods } from '../src/http/allowed-methods.ts';
import { hostMiddleware } from '../src/http/allowed-host.ts';
import type { AppEnv } from '../src/http/app-env.ts';
import { authenticate } from '../src/http/authenticate.ts';
import { handleError, handleNotFound } from '../src/http/error-handlers.ts';
import { offerResumption } from '../src/http/offer-resumption.ts';
import { freeIdMiddleware } from '../src/http/request-id.ts';
import { limitRequests } from '../src/http/limit-requests.ts';
import { createPathRouter } from '../src/http/path-router.ts';
import { shedRequests } from '../src/http/own-process.ts';
import { createDoor, type Door } from '../src/http/refuse-at-door.ts';
import { RequestLog } from '../src/http/request-log.ts';
import { requestMiddleware } from '../src/http/request-middleware.ts';
import { siteMiddleware } from '../src/http/site-middleware.ts';
import { StreamStore } from '../src/http/stream-store.ts';
import type { AppDependencies } from './app-dependencies.ts';
import { routes } from './routes.ts';

/** The HTTP service without a socket: `main` listens with it, tests call it. */
export function createApp(dependencies: AppDependencies): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const { access, config, metrics, ownProcess } = dependencies;
  app.use(requestMiddleware(requestLogOf(dependencies), metrics, config.trustProxy, ownProcess));
  app.use(hostMiddleware(config.allowedHosts));
  app.use(siteMiddleware(config.corsOrigins));
  if (ownProcess !== undefined) app.use(shedRequests(ownProcess.memory));
  const streams = new StreamStore({ maxBytes: config.streamBufferBytes, graceMs: config.streamGraceMs });
  metrics.watchStreams(streams);
  ownProcess?.memory.onRelease(() => streams.release());
  app.use(offerResumption(streams));
  if (access.keys !== undefined) {
    app.use(authenticate(access.keys, access.allowsAnonymous, metrics));
  }
  app.use(freeIdMiddleware());
  if (access.keys !== undefined) app.use(limitRequests(access.limits, metrics));
  app.onError(handleError);
  // After the middleware: Hono runs handlers in the order in which they were added.
  for (const { path, createHandlers } of routes) {
    for (const [method, handler] of Object.entries(createHandlers({ ...dependencies, streams }))) {
      app.on(method, path, handler);
    }
  }
  app.notFound(handleNotFound(allowedMethods(app)));
  return app;
}

/** What stands before the application on a socket. */
export function doorOf(dependencies: AppDependencies): Door {
  const { models, access, config, metrics, ownProcess } = dependencies;
  return createDoor({
    checkRoom: (clientId) => {
      ownProcess?.memory.checkRoom();
      models.checkRoom(clientId);
    },
    findQueuedRoute: createPathRouter(routes.filter(({ isQueued }) => isQueued).map(({ path }) => path)),
    allowedHosts: config.allowedHosts,
    allowsAnonymous: access.keys === undefined || access.allowsAnonymous,
    log: requestLogOf(dependencies),
    metrics,
  });
}

const requestLogOf = ({ logger, openApiDocument, config }: AppDependencies): RequestLog =>
  new RequestLog(logger, { openApiDocument, showsTexts: config.logPrompts });
