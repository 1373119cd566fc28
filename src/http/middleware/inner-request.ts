import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import type { Completion, RequestRecord } from '../../engine/engine.ts';
import { assertInvariant } from '../../errors.ts';
import type { AppEnv, InnerRequest } from '../app-env.ts';
import { RequestScope } from '../request-scope.ts';
import type { RouteTable } from '../route-facts.ts';
import { handleError } from './error-handlers.ts';

/** One of several attempts at an outer request. What it computes counts for that one. */
class InnerScope extends RequestScope {
  readonly #outer: RequestScope;
  readonly #isCurrent: () => boolean;
  /** The outer request tells of its completion. */
  #isTold = false;

  constructor({ outer, id, deadlineMs, isCurrent }: InnerRequest, method: string, path: string) {
    super(id, method, path, () => this.#leave());
    this.#outer = outer;
    this.#isCurrent = isCurrent;
    this.network = outer.network;
    this.address = outer.address;
    this.fairnessName = outer.fairnessName;
    this.authority = outer.authority;
    this.isProxied = outer.isProxied;
    this.presentedKey = outer.presentedKey;
    this.isNameless = outer.isNameless;
    this.callingSite = outer.callingSite;
    this.principal = outer.principal;
    this.budget = outer.budget.another();
    this.streams = outer.streams;
    this.onPhase = outer.onPhase;
    this.deadlineMs = deadlineMs;
  }

  override attachCompletion(completion: Pick<Completion, 'record'>): void {
    super.attachCompletion(completion);
    if (!this.#isCurrent()) return;
    this.#isTold = true;
    const { record: before, budget } = this.#outer;
    // The outer request tells of one completion: of those before it, only the tokens count.
    if (before !== undefined) budget.spend(...usedTokens(before));
    this.#outer.attachCompletion(completion);
  }

  #leave(): void {
    const { budget, record } = this;
    this.#outer.budget.spend(budget.numPromptTokens, budget.numGeneratedTokens);
    if (record !== undefined) {
      budget.spend(...usedTokens(record));
      if (!this.#isTold) this.#outer.budget.spend(...usedTokens(record));
    }
    void budget.settle().catch(() => undefined);
    // What ends after another attempt has begun says nothing of the outer request.
    if (!this.#isCurrent()) return;
    this.#outer.model = this.model;
    this.#outer.operation = this.operation;
    this.#outer.error = this.error;
    this.#outer.prompt ??= this.prompt;
  }
}

/** Of a completion what was computed of it: nothing while it waited for a seat. */
export function usedTokens({ timings, usage }: RequestRecord): [numPrompt: number, numGenerated: number] {
  return [timings.queueMs === undefined ? 0 : usage.numPromptTokens, usage.numGeneratedTokens];
}

/**
 * In the place of all other middleware, for requests that the service makes to itself: the outer request was checked,
 * counted and logged.
 */
export function innerRequest(routes: RouteTable): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const { inner } = c.env;
    assertInvariant(inner !== undefined, 'an inner request has an outer one');
    const scope = new InnerScope(inner, c.req.method, c.req.path);
    const route = routePath(c, -1);
    const isMatched = route !== '/*' && route !== '*';
    scope.facts = routes.factsOf(isMatched ? route : undefined, scope.path);
    c.set('scope', scope);
    inner.onScope(scope);
    try {
      await next();
    } catch (thrown) {
      c.res = handleError(thrown, c);
    }
    scope.respond(c.res.status);
  };
}
