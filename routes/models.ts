import { Hono } from 'hono';
import type { AppEnv } from '../src/http/app-env.ts';
import type { AppDependencies } from './app-dependencies.ts';
import { toModelBody, type ModelListBody } from './schemas/models.ts';

/** OpenAI's list of models: the default one, and all in MODELS_DIR, loaded or not. */
export function modelRoutes({ models }: AppDependencies): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get('/v1/models', async (c) => {
    const body: ModelListBody = { object: 'list', data: (await models.list()).map(toModelBody) };
    return c.json(body);
  });
  routes.get('/v1/models/:model{.+}', async (c) =>
    c.json(toModelBody(await models.describe(c.req.param('model')))),
  );
  return routes;
}
