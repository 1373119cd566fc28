import type { Handler } from 'hono';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import type { AppEnv } from '../src/http/app-env.ts';
import type { RouteFacts } from '../src/http/route-facts.ts';
import type { RouteDependencies } from './app-dependencies.ts';
import type { PromiseName } from './promises.ts';

/** The methods that a route may answer to. */
export type Method = 'get' | 'post' | 'patch' | 'delete';

/** A path of the service: what answers each of its methods, and what the OpenAPI document says of them. */
export interface Route extends RouteFacts {
  /** In Hono's form, like `/v1/models/:model{.+}`. */
  path: string;
  /** The row of SECURITY.md that it is in. */
  promise: PromiseName;
  /** One operation for each method. A function, so that a service that starts does not build them. */
  describe: () => Partial<Record<Method, ZodOpenApiOperationObject>>;
  /** One handler for each method. An application calls it once; its handlers may share state. */
  createHandlers: (dependencies: RouteDependencies) => Partial<Record<Method, Handler<AppEnv>>>;
}

/** A route with its types: a method that is described is handled, and the path gives the names of the parameters. */
interface TypedRoute<Path extends string, Methods extends Method> extends RouteFacts {
  path: Path;
  promise: PromiseName;
  describe: () => Record<Methods, ZodOpenApiOperationObject>;
  createHandlers: (dependencies: RouteDependencies) => Record<Methods, Handler<AppEnv, Path>>;
}

export const defineRoute = <Path extends string, Methods extends Method>(
  route: TypedRoute<Path, Methods>,
): Route => route;
