import { Hono } from 'hono';
import type { AppEnv } from '../src/http/app-env.ts';
import type { AppDependencies } from './app-dependencies.ts';

/** What Prometheus scrapes. */
export function metricsRoutes({ metrics }: AppDependencies): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get('/metrics', async (c) =>
    c.body(await metrics.render(), 200, { 'content-type': metrics.contentType }),
  );
  return routes;
}
