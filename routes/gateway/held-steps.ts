import { groupOf } from '../../src/fairness/client-id.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { HeldBytes } from '../../src/http/edge/held-bytes.ts';
import type { GatewayStep } from './gateway-step.ts';

/** Requests that wait for another attempt, for another entry of their list, or for another host. */
const waiting = new HeldBytes('requests of gateways that wait');
const MAX_WAITING_BYTES = 32 * 2 ** 20;
/** Where one body may be large, so many of them have room. */
const MIN_BODIES = 8;

/** What V8 takes for a member of an object, and for an item of a list or a text, beside the characters. */
const MEMBER_BYTES = 160;
const ITEM_BYTES = 24;

/**
 * Counts a request's body as held until its answer is out. One attempt at a model of this service is not counted here: the
 * model's queue holds it back.
 *
 * @param bodyLimitBytes of one body as text
 * @returns aborted when the client leaves, or with `queue_full` when the requests of its address or key hold too much
 */
export function holdSteps(c: AppContext, steps: readonly GatewayStep[], bodyLimitBytes: number): AbortSignal {
  const { signal } = c.req.raw;
  const [first] = steps;
  const isQueued =
    steps.length === 1 && first?.target.kind === 'here' && (first.options.maxAttempts ?? 1) === 1;
  if (isQueued) return signal;
  const scope = c.get('scope');
  const holding = waiting.open(
    groupOf(scope.clientId),
    Math.max(MAX_WAITING_BYTES, MIN_BODIES * bodyLimitBytes),
  );
  scope.releaseAtEnd(() => holding.release());
  holding.hold(steps.reduce((sum, { body, headers }) => sum + heapBytesOf(body) + heapBytesOf(headers), 0));
  return AbortSignal.any([signal, holding.signal]);
}

/** What a value of JSON takes in memory, about: a body of many names takes ten times what it has as text. */
export function heapBytesOf(value: unknown): number {
  if (typeof value === 'string') return ITEM_BYTES + value.length;
  if (typeof value !== 'object' || value === null) return ITEM_BYTES;
  let numBytes = ITEM_BYTES;
  if (Array.isArray(value)) {
    for (const item of value) numBytes += heapBytesOf(item);
    return numBytes;
  }
  for (const name in value) {
    if (Object.hasOwn(value, name))
      numBytes += MEMBER_BYTES + name.length + heapBytesOf((value as Record<string, unknown>)[name]);
  }
  return numBytes;
}
