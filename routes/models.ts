import { Hono } from 'hono';
import { checkMayUse, hideOthers, mayUse } from '../src/http/allowed-models.ts';
import type { AppEnv } from '../src/http/app-env.ts';
import type { AppDependencies } from './app-dependencies.ts';
import { toModelBody, type ModelListBody } from './schemas/models.ts';

/** OpenAI's list of models: the default one, and all in MODELS_DIR, loaded or not; of these those that the key may use. */
export function modelRoutes({ models }: AppDependencies): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get('/v1/models', async (c) => {
    const { principal } = c.var.scope;
    const listed = (await models.list()).filter(({ id }) => mayUse(principal, id));
    const body: ModelListBody = { object: 'list', data: listed.map(toModelBody) };
    return c.json(body);
  });
  routes.get('/v1/models/:model{.+}', async (c) => {
    const modelId = c.req.param('model');
    const { principal } = c.var.scope;
    checkMayUse(principal, modelId);
    return c.json(toModelBody(await hideOthers(principal, models.describe(modelId))));
  });
  return routes;
}
