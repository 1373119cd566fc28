import { Hono } from 'hono';
import { allowedMethods } from '../src/http/allowed-methods.ts';
import { hostMiddleware } from '../src/http/allowed-host.ts';
import type { AppEnv } from '../src/http/app-env.ts';
import { authenticate } from '../src/http/authenticate.ts';
import { handleError, handleNotFound } from '../src/http/error-handlers.ts';
import { freeIdMiddleware } from '../src/http/request-id.ts';
import { limitRequests } from '../src/http/limit-requests.ts';
import { requestMiddleware } from '../src/http/request-middleware.ts';
import { siteMiddleware } from '../src/http/site-middleware.ts';
import type { AppDependencies } from './app-dependencies.ts';
import { attentionRoutes } from './attention.ts';
import { benchmarkRoutes } from './benchmark.ts';
import { chatRoutes } from './chat.ts';
import { completionRoutes } from './completions.ts';
import { embeddingRoutes } from './embeddings.ts';
import { healthRoutes } from './health.ts';
import { metricsRoutes } from './metrics.ts';
import { modelRoutes } from './models.ts';
import { openApiRoutes } from './openapi.ts';
import { requestRoutes } from './requests.ts';
import { tokenizeRoutes } from './tokenize.ts';
import { workersAiRoutes } from './workers-ai.ts';

/** The HTTP service without a socket: `main` listens with it, tests call it. */
export function createApp(dependencies: AppDependencies): Hono<AppEnv> {
  const groups = [
    completionRoutes,
    chatRoutes,
    embeddingRoutes,
    workersAiRoutes,
    modelRoutes,
    requestRoutes,
    tokenizeRoutes,
    attentionRoutes,
    healthRoutes,
    metricsRoutes,
    openApiRoutes,
    benchmarkRoutes,
  ];
  const app = new Hono<AppEnv>();
  const { access, config, logger, metrics } = dependencies;
  app.use(requestMiddleware(logger, metrics, config.trustProxy));
  app.use(hostMiddleware(config.allowedHosts));
  app.use(siteMiddleware(config.corsOrigins));
  app.use(freeIdMiddleware);
  if (access.keys !== undefined) {
    app.use(authenticate(access.keys, access.allowsAnonymous, metrics));
    app.use(limitRequests(access.limits, metrics));
  }
  app.onError(handleError);
  for (const group of groups) app.route('/', group(dependencies));
  app.notFound(handleNotFound(allowedMethods(app)));
  return app;
}
