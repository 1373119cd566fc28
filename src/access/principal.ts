/** How much a key may do; a limit that is absent is none. */
export interface KeyLimits {
  readonly requestsPerMinute?: number;
  /** Of prompts and completions together. */
  readonly tokensPerMinute?: number;
  /** Requests in flight at once. */
  readonly concurrency?: number;
}

/** Who makes a request, as far as its API key tells. */
export interface Principal {
  /** Of the valid key that came with the request; undefined without one. */
  readonly keyId: string | undefined;
  /** The name that the operator gave the key: for logs and metrics. */
  readonly keyName: string | undefined;
  /** May run benchmarks, look at attention, and read any request's record. */
  readonly isAdmin: boolean;
  /** Ids of the models it may use; undefined: all. */
  readonly models: readonly string[] | undefined;
  /** Absent where the key has none. */
  readonly limits?: KeyLimits;
}

/** A request without a key. */
export const ANONYMOUS: Principal = {
  keyId: undefined,
  keyName: undefined,
  isAdmin: false,
  models: undefined,
};
