import { Hono } from 'hono';
import type { AppEnv } from '../src/http/app-env.ts';
import type { AppDependencies } from './app-dependencies.ts';

/** The description of every route, as it lies in the repository. */
export function openApiRoutes({ openApiDocument }: AppDependencies): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get('/openapi.yaml', (c) =>
    c.body(openApiDocument, 200, { 'content-type': 'application/yaml; charset=utf-8' }),
  );
  return routes;
}
