import { Hono } from 'hono';
import type { AppEnv } from '../src/http/app-env.ts';
import type { AppDependencies } from './app-dependencies.ts';
import { checkModel } from './schemas/completion-demand.ts';
import { toModelBody, type ModelListBody } from './schemas/models.ts';

/** OpenAI's list of models: the one that is served. */
export function modelRoutes({ engine }: AppDependencies): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get('/v1/models', (c) => {
    const body: ModelListBody = { object: 'list', data: [toModelBody(engine.model)] };
    return c.json(body);
  });
  routes.get('/v1/models/:model{.+}', (c) => {
    checkModel(c.req.param('model'), engine.model);
    return c.json(toModelBody(engine.model));
  });
  return routes;
}
