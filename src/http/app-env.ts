import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { RequestScope } from './request-scope.ts';

/** What every handler finds in its context. Bindings are absent where no socket is behind the request. */
export interface AppEnv {
  Bindings: Partial<HttpBindings> & {
    /** Where another application has mounted the service: `/llm`, or empty. Absent where it stands alone. */
    mountPath?: string;
    /** Who calls, in the form of `networkOf`, where that is not told by a socket: the program itself, or whom it names. */
    network?: string;
  };
  Variables: { scope: RequestScope };
}

export type AppContext = Context<AppEnv>;
