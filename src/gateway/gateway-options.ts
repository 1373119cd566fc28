import type { Metadata } from './logs/gateway-log.ts';

export const BACKOFFS = ['constant', 'linear', 'exponential'] as const;
export type Backoff = (typeof BACKOFFS)[number];

/** What a client says that its tokens, or its request, cost. */
export interface CustomCost {
  readonly perTokenIn?: number | undefined;
  readonly perTokenOut?: number | undefined;
  readonly total?: number | undefined;
}

/** How a request goes through a gateway: what headers, a step of a list, or the option of a Worker's binding say. */
export interface GatewayOptions {
  readonly skipsCache?: boolean | undefined;
  /** 0: neither is an answer taken from the cache, nor kept. */
  readonly cacheTtlS?: number | undefined;
  readonly cacheKey?: string | undefined;
  readonly metadata?: Metadata | undefined;
  /** False: no log. True: with the texts of request and answer. By default a log without them. */
  readonly collectsLog?: boolean | undefined;
  /** Whether a log has the texts, whatever `collectsLog` says. */
  readonly collectsTexts?: boolean | undefined;
  readonly eventId?: string | undefined;
  /** Longest until the first part of an answer, for each attempt. */
  readonly requestTimeoutMs?: number | undefined;
  readonly maxAttempts?: number | undefined;
  readonly retryDelayMs?: number | undefined;
  readonly backoff?: Backoff | undefined;
  readonly customCost?: CustomCost | undefined;
}

/** Of an answer that is to be kept, where the client does not say for how long; Cloudflare's. */
const DEFAULT_CACHE_TTL_S = 300;

/** For how long an answer is kept; undefined: the cache plays no part. */
export function cacheTtlOf({ skipsCache, cacheTtlS, cacheKey }: GatewayOptions): number | undefined {
  if (skipsCache === true || cacheTtlS === 0) return undefined;
  return cacheTtlS ?? (cacheKey === undefined ? undefined : DEFAULT_CACHE_TTL_S);
}

/** Values that are there, those of later options before those of earlier ones. */
export function mergeOptions(...all: readonly GatewayOptions[]): GatewayOptions {
  const entries = all.flatMap((options) =>
    Object.entries(options).filter(([, value]) => value !== undefined),
  );
  return Object.fromEntries(entries);
}

/** How long to wait before an attempt, the second being number 1. */
export function retryDelayOf(
  { retryDelayMs = 0, backoff = 'constant' }: GatewayOptions,
  number: number,
): number {
  const factors = { constant: 1, linear: number, exponential: 2 ** (number - 1) };
  return retryDelayMs * factors[backoff];
}

/** What a request cost; undefined where the client gave no price. */
export function costOf(
  cost: CustomCost | undefined,
  tokens: { readonly tokensIn: number | undefined; readonly tokensOut: number | undefined },
): number | undefined {
  if (cost === undefined) return undefined;
  const { perTokenIn = 0, perTokenOut = 0, total } = cost;
  return total ?? perTokenIn * (tokens.tokensIn ?? 0) + perTokenOut * (tokens.tokensOut ?? 0);
}
