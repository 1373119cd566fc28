import { Hono } from 'hono';
import { basePath } from 'hono/route';
import type { createApp } from '../../routes/app.ts';
import type { AppEnv } from '../http/app-env.ts';

/**
 * The service as an application for `app.route(path, …)` of another one. The service sees paths as if it stood alone:
 * much of it looks at whole paths. `app.route` would put its own before them, and leave out the handler for routes that
 * there are not.
 */
export function mountable(service: ReturnType<typeof createApp>): Hono {
  const app = new Hono();
  app.all('*', (c) => {
    const mountPath = basePath(c).replace(/\/$/, '');
    const env = c.env as AppEnv['Bindings'];
    if (mountPath === '') return service.fetch(c.req.raw, env);
    const url = new URL(c.req.url);
    url.pathname = url.pathname.slice(mountPath.length) || '/';
    return service.fetch(new Request(url, c.req.raw), { ...env, mountPath });
  });
  return app;
}
