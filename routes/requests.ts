import { Hono } from 'hono';
import { clip } from '../src/clip.ts';
import type { RequestRecord } from '../src/engine/engine.ts';
import { EngineError } from '../src/errors.ts';
import type { AppEnv } from '../src/http/app-env.ts';
import { fromBodyId } from '../src/http/request-id.ts';
import type { AppDependencies } from './app-dependencies.ts';
import { toRequestRecordBody, type CancelBody } from './schemas/requests.ts';

/** A request by its id: what became of it, and an end to it. */
export function requestRoutes({ models }: AppDependencies): Hono<AppEnv> {
  const find = (id: string): RequestRecord => {
    const requestId = fromBodyId(id);
    for (const { engine } of models.engines()) {
      const record = engine.find(requestId);
      if (record !== undefined) return record;
    }
    throw new EngineError('not_found', `no request '${clip(id)}' is running or ended lately`, {
      param: 'id',
    });
  };
  const routes = new Hono<AppEnv>();
  routes.get('/v1/requests/:id', (c) => c.json(toRequestRecordBody(find(c.req.param('id')))));
  routes.delete('/v1/requests/:id', (c) => {
    const id = c.req.param('id');
    const { id: requestId } = find(id);
    const cancelled = models.engines().some(({ engine }) => engine.cancel(requestId, 'delete'));
    const body: CancelBody = { ...toRequestRecordBody(find(id)), cancelled };
    return c.json(body);
  });
  return routes;
}
