import { z } from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import type { Route } from './define-route.ts';

/** A second base for routes. */
interface Mount {
  /** What a path begins with, and what it begins with below the other base; that may have parameters. */
  from: string;
  to: string;
  /** Put behind the operation's id, which must be one of a kind. */
  suffix: string;
}

/** Where Cloudflare's clients look for OpenAI's API: `/v1/…` is `/ai/v1/…`. */
export const CLOUDFLARE_BASE: Mount = { from: '/v1', to: '/ai/v1', suffix: 'Cloudflare' };

/** The account's id in such a path is ignored: there are no accounts here. */
export const ACCOUNT_BASE: Mount = {
  from: '/ai',
  to: '/client/v4/accounts/:account_id/ai',
  suffix: 'OfAccount',
};

const PARAMETER = /:(\w+)/g;

/** The same route below another base: its handlers, its place at the door, and its operations with ids of their own. */
export function mountRoute(route: Route, { from, to, suffix }: Mount): Route {
  const names = [...to.matchAll(PARAMETER)].map(([, name = '']) => name);
  return {
    ...route,
    path: to + route.path.slice(from.length),
    describe: () =>
      Object.fromEntries(
        Object.entries(route.describe()).map(([method, operation]) => [
          method,
          mountOperation(operation, names, suffix),
        ]),
      ),
  };
}

function mountOperation(
  operation: ZodOpenApiOperationObject,
  names: readonly string[],
  suffix: string,
): ZodOpenApiOperationObject {
  const { operationId, requestParams = {} } = operation;
  const named = operationId === undefined ? {} : { operationId: operationId + suffix };
  if (names.length === 0) return { ...operation, ...named };
  const added = Object.fromEntries(names.map((name) => [name, z.string()]));
  const { path } = requestParams;
  const known = path instanceof z.ZodObject ? path.shape : {};
  return {
    ...operation,
    ...named,
    requestParams: { ...requestParams, path: z.object({ ...added, ...known }) },
  };
}
