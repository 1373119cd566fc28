import { EngineError } from '../../src/errors.ts';
import { groupOf } from '../../src/fairness/client-id.ts';
import { threadQueue } from '../../src/fairness/thread-queue.ts';
import { AnswerNotes } from '../../src/gateway/answer-notes.ts';
import { MAX_CACHED_BYTES, type CachedAnswer } from '../../src/gateway/answer-cache.ts';
import { cacheKeyOf } from '../../src/gateway/cache-key.ts';
import { headersForHost } from '../../src/gateway/call-host.ts';
import { mayBegin, runAttempts } from '../../src/gateway/run-attempts.ts';
import { watchBody, withoutComments } from '../../src/gateway/watch-body.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { HeldBytes } from '../../src/http/edge/held-bytes.ts';
import { without } from '../../src/values.ts';
import { RESUMABLE_HEADER } from '../../src/http/middleware/offer-resumption.ts';
import { onClientGone } from '../../src/http/sse/stream-events.ts';
import type { RouteDependencies } from '../app-dependencies.ts';
import { attemptStep, isGood, mayImprove, type StepAnswer } from './attempt.ts';
import { holdSteps } from './held-steps.ts';
import {
  isLogged,
  keepsTexts,
  placeOf,
  stepHeaders,
  toLog,
  ttlOf,
  type GatewayStep,
  type StepEnd,
  type StepPlace,
} from './gateway-step.ts';

type Dependencies = Pick<RouteDependencies, 'config' | 'dispatch' | 'ending' | 'gateway'>;

/** Bytes of answers that go out and may be kept. */
const collected = new HeldBytes('answers that are to be kept');
const MAX_COLLECTED_BYTES = 32 * 2 ** 20;

/** Where an answer is kept. */
interface CachePlace {
  readonly key: string;
  readonly ttlS: number;
}

/**
 * Answers a request by its steps, in order: by the first whose answer is in the cache, or good. Without one the answer is
 * that of the last, or of the one after which its time is up. Each attempt but the first is a request of its key's limit.
 *
 * @throws EngineError of the last step; `rate_limited`; `queue_full` where the requests of its address or key hold too much
 */
export async function answerByGateway(
  c: AppContext,
  gateway: string,
  steps: readonly GatewayStep[],
  dependencies: Dependencies,
): Promise<Response> {
  const scope = c.get('scope');
  const { config, ending } = dependencies;
  const gone = holdSteps(c, steps, config.bodyLimitBytes);
  const deadlineMs = scope.startedMs + config.requestTimeoutMs;
  const patience = { gone, ending, deadlineMs };
  for (const [index, step] of steps.entries()) {
    const place = placeOf(gateway, scope.ownerId, index);
    const cachePlace = await cachePlaceOf(c, gateway, step);
    const hit = cachePlace && dependencies.gateway.cache.find(scope.ownerId, cachePlace.key);
    if (hit !== undefined) return answerHit(c, step, place, hit, dependencies);
    const isLastOfAll = index === steps.length - 1;
    const { maxAttempts = 1, requestTimeoutMs } = step.options;
    const attempts = {
      admit: async (number: number) => {
        if (index === 0 && number === 1) return;
        // A list may have hundreds, which no queue of requests holds back.
        await threadQueue.take(scope.clientId, gone);
        await scope.takeRequest();
      },
      attempt: (number: number, timeoutMs: number | undefined) => {
        const isFirst = index === 0 && number === 1;
        const awaitsBeginning = !isLastOfAll || maxAttempts > 1 || requestTimeoutMs !== undefined;
        return attemptStep(c, step, dependencies, { timeoutMs, isFirst, awaitsBeginning, gone, deadlineMs });
      },
      mayImprove,
      discard: (answer: StepAnswer) => answer.discard(),
    };
    const outcome = await runAttempts(step.options, attempts, patience);
    const isLast = isLastOfAll || !mayBegin(patience);
    const isDone = 'answer' in outcome && isGood(outcome.answer);
    if ('answer' in outcome && (isDone || isLast)) {
      return answerWith(c, step, place, { answer: outcome.answer, cachePlace, dependencies });
    }
    logFailure(step, place, outcome, dependencies);
    if ('answer' in outcome) outcome.answer.discard();
    else if (isLast) {
      for (const [name, value] of Object.entries(stepHeaders(step, place, false))) c.header(name, value);
      throw outcome.error;
    }
  }
  throw new EngineError('invalid_request', 'there is no request in the list', { param: 'body' });
}

const TRACE_HEADERS: ReadonlySet<string> = new Set(['traceparent', 'tracestate']);

async function cachePlaceOf(
  c: AppContext,
  gateway: string,
  step: GatewayStep,
): Promise<CachePlace | undefined> {
  const { ownerId, hasOwner, principal } = c.get('scope');
  const ttlS = ttlOf(step);
  if (ttlS === undefined || !hasOwner) return undefined;
  const { provider, path, target, body, headers } = step;
  const subject = {
    ownerId,
    models: principal.models,
    gateway,
    provider,
    path,
    // Each request has its own place in a trace.
    headers:
      target.kind === 'here' ? [] : headersForHost(headers).filter(([name]) => !TRACE_HEADERS.has(name)),
    isStreamed: body['stream'] === true,
  };
  // What goes to a model of this service by its binding stands apart from the body.
  const model = target.kind === 'here' ? target.path : step.model;
  const keyed = { ...subject, path: JSON.stringify([path, model, step.model]) };
  return { ttlS, key: await cacheKeyOf(keyed, body, step.options.cacheKey) };
}

function answerHit(
  c: AppContext,
  step: GatewayStep,
  place: StepPlace,
  { body, contentType, tokensIn, tokensOut }: CachedAnswer,
  { gateway }: Dependencies,
): Response {
  c.get('scope').error = undefined;
  const notes = new AnswerNotes(keepsTexts(step));
  notes.add(body);
  const end = { statusCode: 200, isCached: true, model: undefined, contentType, tokensIn, tokensOut };
  log(step, place, { ...end, ...notesOf(step, notes) }, gateway);
  const headers = { 'content-type': contentType, ...stepHeaders(step, place, true) };
  return new Response(body as Uint8Array<ArrayBuffer>, { headers });
}

interface Answering {
  readonly answer: StepAnswer;
  readonly cachePlace: CachePlace | undefined;
  readonly dependencies: Dependencies;
}

/** The answer as it comes. Once it is out, there is a log of it, and it is kept. */
function answerWith(c: AppContext, step: GatewayStep, place: StepPlace, answering: Answering): Response {
  const { answer, dependencies } = answering;
  const scope = c.get('scope');
  const runId = answer.headers[RESUMABLE_HEADER] === 'true' ? answer.scope?.id : undefined;
  const headers = {
    ...ownHeaders(answer),
    ...stepHeaders(step, place, false),
    ...(runId === undefined ? {} : { 'cf-aig-run-id': runId }),
  };
  if (answer.scope === undefined) scope.error = undefined;
  const notes = new AnswerNotes(keepsTexts(step));
  if (answer.body === null) {
    log(step, place, endOf(step, answer, notes), dependencies.gateway);
    return new Response(null, { status: answer.status, headers });
  }
  const collector = createCollector(c, answering);
  const onEnd = once((isWhole: boolean) => {
    const end = endOf(step, answer, notes);
    log(step, place, end, dependencies.gateway);
    collector?.end(isWhole && isGood(answer), end);
    scope.end();
  });
  scope.hold();
  onClientGone(c, () => onEnd(false));
  const onPiece = (piece: Uint8Array): void => {
    notes.add(piece);
    collector?.add(piece);
  };
  // Who resumes a run counts the blocks that came, comments among them.
  const sent = runId === undefined ? answer.body : withoutComments(answer.body);
  const body = watchBody(sent, { onPiece, onEnd });
  return new Response(body, { status: answer.status, headers });
}

function once(call: (isWhole: boolean) => void): (isWhole: boolean) => void {
  let isCalled = false;
  return (isWhole) => {
    if (isCalled) return;
    isCalled = true;
    call(isWhole);
  };
}

/** Without those that belong to the connection, or that every answer gets. */
const ownHeaders = ({ headers }: StepAnswer): Record<string, string> =>
  without(headers, ['content-length', 'transfer-encoding']);

interface Collector {
  add(piece: Uint8Array): void;
  end(isGoodAndWhole: boolean, end: StepEnd): void;
}

/** Gathers an answer that is to be kept, as long as there is room. */
function createCollector(
  c: AppContext,
  { answer, cachePlace, dependencies }: Answering,
): Collector | undefined {
  if (cachePlace === undefined || answer.status !== 200) return undefined;
  const { ownerId, clientId, streams } = c.get('scope');
  // A stream that can be resumed has its own ids in its events.
  if (streams !== undefined) return undefined;
  const holding = collected.open(groupOf(clientId), MAX_COLLECTED_BYTES);
  let pieces: Uint8Array[] = [];
  let numBytes = 0;
  let isTooLong = false;
  return {
    add: (piece) => {
      numBytes += piece.byteLength;
      isTooLong ||= numBytes > MAX_CACHED_BYTES || holding.signal.aborted;
      if (isTooLong) pieces = [];
      else pieces.push(piece.slice());
      holding.hold(isTooLong ? 0 : numBytes);
    },
    end: (isGoodAndWhole, { contentType = '', tokensIn, tokensOut }) => {
      holding.release();
      if (!isGoodAndWhole || isTooLong || holding.signal.aborted) return;
      const { key, ttlS } = cachePlace;
      const body = joined(pieces, numBytes);
      dependencies.gateway.cache.keep(ownerId, key, ttlS, { body, contentType, tokensIn, tokensOut });
    },
  };
}

/** In memory of its own: a small buffer of Node's would hold on to what it was cut from. */
function joined(pieces: readonly Uint8Array[], numBytes: number): Uint8Array {
  const whole = new Uint8Array(numBytes);
  let end = 0;
  for (const piece of pieces) {
    whole.set(piece, end);
    end += piece.byteLength;
  }
  return whole;
}

function endOf(step: GatewayStep, answer: StepAnswer, notes: AnswerNotes): StepEnd {
  const { status, headers, scope } = answer;
  const usage = scope?.record?.usage;
  const tokens =
    usage === undefined
      ? notes.usage()
      : { tokensIn: usage.numPromptTokens, tokensOut: usage.numGeneratedTokens };
  return {
    statusCode: status,
    isCached: false,
    model: scope?.model,
    contentType: headers['content-type'],
    ...tokens,
    ...notesOf(step, notes),
  };
}

const notesOf = (step: GatewayStep, notes: AnswerNotes): Pick<StepEnd, 'numBytes' | 'head'> => ({
  numBytes: notes.numBytes,
  head: keepsTexts(step) ? notes.head() : undefined,
});

/** A step that another one follows, or that has no answer. */
function logFailure(
  step: GatewayStep,
  place: StepPlace,
  outcome: { answer: StepAnswer } | { error: EngineError },
  { gateway }: Dependencies,
): void {
  if ('answer' in outcome) {
    log(step, place, endOf(step, outcome.answer, new AnswerNotes(false)), gateway);
    return;
  }
  const statusCode = outcome.error.code === 'request_timeout' ? 504 : 502;
  const nothing = { model: undefined, contentType: undefined, tokensIn: undefined, tokensOut: undefined };
  log(step, place, { ...nothing, statusCode, isCached: false, numBytes: 0, head: undefined }, gateway);
}

function log(step: GatewayStep, place: StepPlace, end: StepEnd, { logs }: Dependencies['gateway']): void {
  if (isLogged(step)) logs.add(toLog(step, place, end));
}
