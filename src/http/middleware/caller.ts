import type { Caller } from '../../engine/caller.ts';
import { invalidField } from '../../errors.ts';
import type { AppContext } from '../app-env.ts';

/** Who makes a request, as the engine's client half asks it. */
export function callerOf(c: AppContext): Caller {
  const { id, clientId, ownerId, budget } = c.get('scope');
  return { id, clientId, ownerId, budget, gone: c.req.raw.signal, startBy: startByOf(c) };
}

/** In which llm-d's clients say within how many milliseconds they want the first token. */
const FIRST_TOKEN_HEADER = 'x-llm-d-slo-ttft-ms';

/** @throws EngineError `invalid_request` for what is no time */
function startByOf(c: AppContext): number | undefined {
  const text = c.req.header(FIRST_TOKEN_HEADER);
  if (text === undefined) return undefined;
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(text) || Number(text) === 0) {
    throw invalidField(FIRST_TOKEN_HEADER, 'must be milliseconds, such as 500');
  }
  return performance.now() - c.get('scope').elapsedMs + Number(text);
}
