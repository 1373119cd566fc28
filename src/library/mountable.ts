import { type Context, Hono } from 'hono';
import { basePath } from 'hono/route';
import type { createApp } from '../../routes/app.ts';
import type { AppEnv } from '../http/app-env.ts';
import { networkOfClient } from '../http/identity.ts';

/**
 * The service as an application for `app.route(path, …)` of another one. The service sees paths as if it stood alone:
 * much of it looks at whole paths. `app.route` would put its own before them, and leave out the handler for routes that
 * there are not.
 *
 * @param clientOf see `ServiceOptions.clientOf`
 */
export function mountable(
  service: ReturnType<typeof createApp>,
  clientOf: (request: Request) => string | undefined = () => undefined,
): Hono {
  const app = new Hono();
  app.all('*', async (c) => {
    // The fetch standard has no such request.
    if (c.req.method === 'TRACE') return c.text('TRACE is not supported', 501);
    const mountPath = basePath(c).replace(/\/$/, '');
    const env = c.env as AppEnv['Bindings'];
    const url = new URL(c.req.url);
    url.pathname = url.pathname.slice(mountPath.length) || '/';
    const client = clientOf(c.req.raw);
    return service.fetch(new Request(url, await requestInit(c)), {
      ...env,
      mountPath,
      ...(client === undefined || client === '' ? {} : { network: networkOfClient(client) }),
    });
  });
  return app;
}

/** A body that the application has read comes from the copy that Hono keeps of it. */
async function requestInit(c: Context): Promise<RequestInit> {
  const { raw } = c.req;
  if (!raw.bodyUsed) return raw;
  return { method: raw.method, headers: raw.headers, signal: raw.signal, body: await c.req.arrayBuffer() };
}
