import { Hono } from 'hono';
import { allowedMethods } from '../src/http/allowed-methods.ts';
import type { AppEnv } from '../src/http/app-env.ts';
import { authenticate } from '../src/http/authenticate.ts';
import { handleError, handleNotFound } from '../src/http/error-handlers.ts';
import { limitRequests } from '../src/http/limit-requests.ts';
import { requestMiddleware } from '../src/http/request-middleware.ts';
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
  app.use(requestMiddleware(dependencies.logger, dependencies.metrics));
  app.use(authenticate(dependencies.access, dependencies.metrics));
  app.use(limitRequests(dependencies.access.limits, dependencies.metrics));
  app.onError(handleError);
  for (const group of groups) app.route('/', group(dependencies));
  app.notFound(handleNotFound(allowedMethods(app)));
  return app;
}
