import { ANONYMOUS, type Principal } from '../access/principal.ts';
import { TokenBudget } from '../access/token-budget.ts';
import type { EngineError } from '../errors.ts';
import type { RequestRecord } from '../engine/engine.ts';
import type { WatchedRequest } from '../watch/running-requests.ts';
import type { Authority } from './edge/authority.ts';
import type { CallingSite } from './middleware/calling-site.ts';
import { clientIdOf, inFairnessGroup, ownerIdOf } from './middleware/identity.ts';
import type { RequestTrace } from './request-trace.ts';
import { NO_FACTS, type Operation } from './route-facts.ts';
import type { StreamStore } from './sse/stream-store.ts';

/** How a request is answered, known when its last byte is out. */
export interface RequestOutcome {
  scope: RequestScope;
  status: number;
  durationMs: number;
}

/** A program that the service is mounted in may pass on any word as a method. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** The route of a request that no route answers to. */
export const UNMATCHED = 'unmatched';

/**
 * One HTTP request from its first byte to its last: what the log line and the metrics say of it gathers here. A
 * streamed answer is held open until its stream closes.
 */
export class RequestScope implements WatchedRequest {
  /** The client's own `x-request-id`, or one of ours. */
  id: string;
  /** A label of metrics and a part of log lines: `other` for a word that is none of HTTP's. */
  readonly method: string;
  readonly path: string;
  /** The pattern that matched, a label of metrics: paths would be too many. */
  route = UNMATCHED;
  facts = NO_FACTS;
  model: string | undefined;
  /** The client's network, as networkOf has it: of the socket, or as a trusted proxy says. */
  network = '';
  /** The client's address in full; '' where there is none. */
  address = '';
  /** What a trusted proxy calls the group whose share of the service the request takes; '': that of its key or network. */
  fairnessName = '';
  /** Of its body: fields that no list has, and that are passed over. */
  ignoredFields: readonly string[] = [];
  /** The host that the client named; undefined if it is not a valid one. */
  authority: Authority | undefined;
  /** A trusted proxy speaks for the client. */
  isProxied = false;
  /** What came as an API key, whether or not it is one. */
  presentedKey = '';
  /** There is nothing to know its client by, apart from a valid key: each such request counts as a client of its own. */
  isNameless = false;
  callingSite: CallingSite = 'own';
  /** The tokens that it may use, and those that it used. */
  budget = new TokenBudget();
  /** Takes another request from its key's limit. @throws EngineError `rate_limited`, `limits_unavailable` */
  takeRequest: () => Promise<void> = () => Promise.resolve();
  /** On the clock of `performance.now`: what it asks a model for ends by then, whatever its body says. */
  deadlineMs = Infinity;
  onPhase: WatchedRequest['onPhase'];
  /** Its answer comes in one piece, as its body asked: a heartbeat may go before it. */
  answersWhole = false;
  /** Where its streamed answer is kept, if the client asked for one that can be resumed. */
  streams: StreamStore | undefined;
  /** An answer that was made with the headers that every answer has. */
  answerWithHeaders: Response | undefined;
  /** Only set where prompts may be logged or traced. */
  prompt: unknown;
  /** Its place in a trace, where requests are traced. */
  trace: RequestTrace | undefined;
  #operation: Operation | undefined;
  /** The error that the client was told of. */
  error: EngineError | undefined;
  #readRecord: (() => RequestRecord) | undefined;
  #status = 0;
  #isHeld = false;
  #isEnded = false;
  #principal = ANONYMOUS;
  #clientId: string | undefined;
  #givenClientId: string | undefined;
  /** On the clock of `performance.now`. */
  readonly startedMs = performance.now();
  readonly #onEnd: (outcome: RequestOutcome) => void;
  readonly #held: (() => void)[] = [];

  constructor(id: string, method: string, path: string, onEnd: (outcome: RequestOutcome) => void) {
    this.id = id;
    this.method = METHODS.has(method) ? method : 'other';
    this.path = path;
    this.#onEnd = onEnd;
  }

  /** Whose key came with it, once that was looked at. */
  get principal(): Principal {
    return this.#principal;
  }

  set principal(principal: Principal) {
    this.#principal = principal;
    this.#clientId = undefined;
    this.#givenClientId = undefined;
  }

  /**
   * Whom the engine computes for: `group/member`, see src/fairness/client-id.ts. Computed at the first use: network and key are
   * set by then.
   */
  get clientId(): string {
    return (this.#clientId ??= inFairnessGroup(this.#ownClientId, this.fairnessName));
  }

  /** Whose the request's record is, and what its prompts leave in the prefix cache. */
  get ownerId(): string {
    return ownerIdOf(this.principal, this.#ownClientId);
  }

  /** Without what a proxy says of its share. */
  get #ownClientId(): string {
    return (this.#givenClientId ??= clientIdOf(this));
  }

  /** Whether its client can come back to what the service keeps for it. */
  get hasOwner(): boolean {
    return !this.isNameless || this.principal.keyId !== undefined;
  }

  get elapsedMs(): number {
    return performance.now() - this.startedMs;
  }

  /** What a model is asked for: that of the route, or what was asked of one with several. */
  get operation(): Operation | undefined {
    return this.#operation ?? this.facts.operation;
  }

  set operation(operation: Operation | undefined) {
    this.#operation = operation;
  }

  /** The completion behind the request, as it stands; `undefined` when none was started. */
  get record(): RequestRecord | undefined {
    return this.#readRecord?.();
  }

  /** True while a stream goes on after its headers were sent. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  attachCompletion(completion: { record(): RequestRecord }): void {
    this.#readRecord = () => completion.record();
    this.trace?.follow(this.#readRecord);
    this.onPhase?.('computing');
  }

  /** Called when the request has ended, at once if it has. */
  releaseAtEnd(release: () => void): void {
    if (this.#isEnded) release();
    else this.#held.push(release);
  }

  /** The answer is a stream: the request ends with `end()`, not with its headers. */
  hold(): void {
    this.#isHeld = true;
    this.onPhase?.('streaming');
  }

  /** Headers are on their way. */
  respond(status: number): void {
    this.#status = status;
    if (!this.#isHeld) this.end();
  }

  /** The last byte is out, or the client is gone. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const release of this.#held) release();
    this.#onEnd({ scope: this, status: this.#status, durationMs: this.elapsedMs });
  }
}
