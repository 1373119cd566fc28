import type { Completion } from '../../src/engine/engine.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { onClientGone } from '../../src/http/sse/stream-events.ts';

/** The request is this completion: its log line, headers and metrics say so, and it ends when its client hangs up. */
export function followCompletion(c: AppContext, completion: Completion): void {
  c.var.scope.attachCompletion(completion);
  onClientGone(c, () => completion.cancel('disconnect'));
}
