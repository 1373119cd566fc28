import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { RequestScope } from './request-scope.ts';

/** What every handler finds in its context. Bindings are absent where no socket is behind the request. */
export interface AppEnv {
  Bindings: Partial<HttpBindings>;
  Variables: { scope: RequestScope };
}

export type AppContext = Context<AppEnv>;
