import { Hono } from 'hono';
import { EngineError } from '../src/errors.ts';
import type { AppEnv } from '../src/http/app-env.ts';
import type { AppDependencies } from './app-dependencies.ts';
import type { HealthBody, ReadyBody } from './schemas/health.ts';

/** `/health` says that the process lives, `/ready` that the default model takes requests. */
export function healthRoutes({ models }: AppDependencies): Hono<AppEnv> {
  const engine = models.defaultEngine;
  const routes = new Hono<AppEnv>();
  routes.get('/health', (c) => {
    const body: HealthBody = { status: 'ok', engine: engine.state };
    return c.json(body);
  });
  routes.get('/ready', (c) => {
    if (engine.state !== 'ready') {
      throw new EngineError('engine_not_ready', `the engine is ${engine.state}; try again later`);
    }
    // One that has stopped while it was idle is found out so.
    engine.ping();
    const body: ReadyBody = { status: 'ready', model: engine.model.id };
    return c.json(body);
  });
  return routes;
}
