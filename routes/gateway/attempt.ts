import { randomUUID } from 'node:crypto';
import { EngineError } from '../../src/errors.ts';
import { callHost, headersForHost } from '../../src/gateway/call-host.ts';
import type { Target } from '../../src/gateway/providers.ts';
import { awaitBeginning, isComment } from '../../src/gateway/watch-body.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import type { RequestScope } from '../../src/http/request-scope.ts';
import type { RouteDependencies } from '../app-dependencies.ts';
import type { GatewayStep } from './gateway-step.ts';

/** An answer to a step, good or not, whose body has not been read. */
export interface StepAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ReadableStream<Uint8Array> | null;
  /** Of the request that this service made to itself; undefined of one to another host. */
  readonly scope: RequestScope | undefined;
  /** Ends the work on it; its body is not read. */
  discard(): void;
}

/** A stream that broke before its first event tells so in it, under a good status. */
export const isGood = ({ status, scope }: StepAnswer): boolean => status < 400 && scope?.error === undefined;

/** Statuses after which the same request may have another answer. */
export const mayImprove = (answer: StepAnswer): boolean =>
  !isGood(answer) &&
  (answer.status < 400 || answer.status >= 500 || [408, 409, 425, 429].includes(answer.status));

export interface AttemptOptions {
  readonly timeoutMs: number | undefined;
  /** Another request of the same list, or another attempt, has the client's id. */
  readonly isFirst: boolean;
  /** There is something else to try: a stream has to begin well. */
  readonly awaitsBeginning: boolean;
  /** The client has left, or has to give up what it holds. */
  readonly gone: AbortSignal;
  /** On the clock of `performance.now`: the answer is whole by then. */
  readonly deadlineMs: number;
}

/**
 * One attempt at a step.
 *
 * @throws EngineError `request_timeout` where the first part of the answer is not there in time; `provider_unreachable`
 */
export async function attemptStep(
  c: AppContext,
  step: GatewayStep,
  { dispatch }: Pick<RouteDependencies, 'dispatch'>,
  { timeoutMs, isFirst, awaitsBeginning, gone, deadlineMs }: AttemptOptions,
): Promise<StepAnswer> {
  const { target } = step;
  const stop = new AbortController();
  const timer =
    timeoutMs === undefined ? undefined : setTimeout(() => stop.abort(tooLate(step, timeoutMs)), timeoutMs);
  const signal = AbortSignal.any([gone, stop.signal]);
  const call = async (): Promise<StepAnswer> => {
    const answer =
      target.kind === 'here'
        ? await askHere(c, step, target, {
            ...{ dispatch, signal, isFirst, deadlineMs },
            isCurrent: () => !stop.signal.aborted,
          })
        : await askHost(c.get('scope'), step, target.url, signal, deadlineMs);
    if (!awaitsBeginning || answer.body === null || !isEventStream(answer)) return { ...answer, discard };
    return {
      ...answer,
      body: await awaitBeginning(answer.body, (piece) => signal.aborted || hasBegun(answer, piece)),
      discard,
    };
  };
  const discard = (): void => stop.abort(new EngineError('request_timeout', 'another attempt was made'));
  const answering = call();
  // What is never read holds its model: it ends where it is cancelled.
  stop.signal.addEventListener('abort', () => {
    void answering.then(({ body }) => body?.cancel()).catch(() => undefined);
  });
  try {
    // Work that is aborted may take its time to end, or answer as if its client were gone.
    const answer = await Promise.race([answering, abortOf(stop.signal)]);
    if (stop.signal.aborted) throw stop.signal.reason;
    return answer;
  } finally {
    clearTimeout(timer);
  }
}

const isEventStream = ({ headers }: Pick<StepAnswer, 'headers'>): boolean =>
  headers['content-type']?.startsWith('text/event-stream') === true;

/** An own stream may begin with an event before there is a token: whether it broke is known with the first. */
function hasBegun({ scope }: Pick<StepAnswer, 'scope'>, piece: Uint8Array): boolean {
  if (scope?.record === undefined) return !isComment(piece);
  return scope.error !== undefined || scope.record.timings.ttftMs !== undefined;
}

const tooLate = ({ provider }: GatewayStep, timeoutMs: number): EngineError =>
  new EngineError('request_timeout', `the provider '${provider}' gave no answer within ${timeoutMs} ms`, {
    mayQuote: true,
  });

function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

interface InnerCall {
  readonly dispatch: RouteDependencies['dispatch'];
  readonly signal: AbortSignal;
  readonly isFirst: boolean;
  readonly deadlineMs: number;
  readonly isCurrent: () => boolean;
}

/** A request to this service's own route. */
async function askHere(
  c: AppContext,
  { headers, body }: GatewayStep,
  { path }: Extract<Target, { kind: 'here' }>,
  { dispatch, signal, isFirst, deadlineMs, isCurrent }: InnerCall,
): Promise<Omit<StepAnswer, 'discard'>> {
  const outer = c.get('scope');
  let scope: RequestScope | undefined;
  const inner = {
    outer,
    id: isFirst ? outer.id : randomUUID(),
    body,
    deadlineMs,
    isCurrent,
    onScope: (own: RequestScope) => (scope = own),
  };
  const request = new Request(`http://localhost${path}`, {
    method: 'POST',
    headers: [...headers] as [string, string][],
    signal,
  });
  const response = await dispatch(request, { ...c.env, inner });
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: response.body,
    scope,
  };
}

/** To the last byte before the deadline. */
async function askHost(
  { trace }: RequestScope,
  { headers, body }: GatewayStep,
  url: URL,
  signal: AbortSignal,
  deadlineMs: number,
): Promise<Omit<StepAnswer, 'discard'>> {
  const leftMs = Math.max(Math.ceil(deadlineMs - performance.now()), 1);
  const whole = AbortSignal.any([signal, AbortSignal.timeout(leftMs)]);
  const own = [['content-type', 'application/json'] as const, ...(trace?.requestHeaders ?? [])];
  // The provider's part of the trace belongs to this request, not to the client's.
  const replaced = new Set(own.map(([name]) => name));
  if (trace !== undefined) replaced.add('tracestate');
  const sent = [...headersForHost(headers).filter(([name]) => !replaced.has(name)), ...own];
  const answer = await callHost({ url, headers: sent, body: JSON.stringify(body), signal: whole });
  return { ...answer, scope: undefined };
}
