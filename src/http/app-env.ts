import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { RequestScope } from './request-scope.ts';

/** A request that the service makes to itself, to answer another one. */
export interface InnerRequest {
  /** The request that it answers: its client, its key and its log line count. */
  readonly outer: RequestScope;
  readonly id: string;
  /** Its body, which is not read then. */
  readonly body?: Record<string, unknown>;
  /** On the clock of `performance.now`: what it asks a model for ends by then. */
  readonly deadlineMs: number;
  /** False once it was given up for another attempt. */
  readonly isCurrent: () => boolean;
  /** Called before it is handled. */
  readonly onScope: (scope: RequestScope) => void;
}

/** What every handler finds in its context. Bindings are absent where no socket is behind the request. */
export interface AppEnv {
  Bindings: Partial<HttpBindings> & {
    /** Where another application has mounted the service: `/llm`, or empty. Absent where it stands alone. */
    mountPath?: string;
    /** Who calls, in the form of `networkOf`, where that is not told by a socket: the program itself, or whom it names. */
    network?: string;
    /** Of a request that another one is answered by: see `innerRequest`. */
    inner?: InnerRequest;
  };
  Variables: { scope: RequestScope };
}

export type AppContext = Context<AppEnv>;
