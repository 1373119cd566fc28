import { expect, it } from 'vitest';
import { z } from 'zod';
import { ACCOUNT_BASE, CLOUDFLARE_BASE, mountRoute } from '../../../routes/mount-route.ts';
import type { Route } from '../../../routes/define-route.ts';

const route: Route = {
  path: '/v1/models/:model{.+}',
  isQueued: true,
  describe: () => ({
    get: {
      operationId: 'readModel',
      requestParams: { path: z.object({ model: z.string() }), query: z.object({ a: z.string() }) },
      responses: {},
    },
  }),
  createHandlers: () => ({}),
};

it('has the same handlers and operations below another base', () => {
  const mounted = mountRoute(route, CLOUDFLARE_BASE);
  expect(mounted).toMatchObject({ path: '/ai/v1/models/:model{.+}', isQueued: true });
  expect(mounted.createHandlers).toBe(route.createHandlers);
  expect(mounted.describe().get).toMatchObject({ operationId: 'readModelCloudflare' });
});

it('adds the parameters of its base', () => {
  const mounted = mountRoute(mountRoute(route, CLOUDFLARE_BASE), ACCOUNT_BASE);
  expect(mounted.path).toBe('/client/v4/accounts/:account_id/ai/v1/models/:model{.+}');
  const { operationId, requestParams } = mounted.describe().get ?? {};
  expect(operationId).toBe('readModelCloudflareOfAccount');
  const { path, query } = requestParams ?? {};
  expect(path instanceof z.ZodObject && Object.keys(path.shape)).toEqual(['account_id', 'model']);
  expect(query instanceof z.ZodObject && Object.keys(query.shape)).toEqual(['a']);
});
