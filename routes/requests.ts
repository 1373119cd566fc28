import { Hono } from 'hono';
import { clip } from '../src/clip.ts';
import type { RequestRecord } from '../src/engine/engine.ts';
import { EngineError } from '../src/errors.ts';
import type { AppContext, AppEnv } from '../src/http/app-env.ts';
import { fromBodyId } from '../src/http/request-id.ts';
import type { AppDependencies } from './app-dependencies.ts';
import { toRequestRecordBody, type CancelBody } from './schemas/requests.ts';

/** A request by its id: what became of it, and an end to it. */
export function requestRoutes({ models }: AppDependencies): Hono<AppEnv> {
  const find = (c: AppContext, id: string): RequestRecord => {
    const requestId = fromBodyId(id);
    for (const { engine } of models.engines()) {
      const record = engine.find(requestId, visibleOwner(c));
      if (record !== undefined) return record;
    }
    throw new EngineError('not_found', `no request '${clip(id)}' of yours is running or ended lately`, {
      param: 'id',
    });
  };
  const routes = new Hono<AppEnv>();
  routes.get('/v1/requests/:id', (c) => c.json(toRequestRecordBody(find(c, c.req.param('id')))));
  routes.delete('/v1/requests/:id', (c) => {
    const id = c.req.param('id');
    const { id: requestId } = find(c, id);
    const cancelled = models
      .engines()
      .some(({ engine }) => engine.cancel(requestId, 'delete', visibleOwner(c)));
    const body: CancelBody = { ...toRequestRecordBody(find(c, id)), cancelled };
    return c.json(body);
  });
  return routes;
}

/** Whose requests a client may see: its own; undefined, with an admin key: those of all. */
const visibleOwner = (c: AppContext): string | undefined => {
  const { principal, ownerId } = c.var.scope;
  return principal.isAdmin ? undefined : ownerId;
};
