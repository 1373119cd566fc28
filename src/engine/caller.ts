/** The tokens that a request may use. */
export interface TokenAllowance {
  /** Takes as many as it may need, before it is computed; throws where they are not there. */
  reserve(numTokens: number): Promise<void>;
  /** Tokens that were computed. */
  spend(numPromptTokens: number, numGeneratedTokens: number): void;
}

/** Who asks. */
export interface Caller {
  /** Of the request. */
  readonly id: string;
  readonly clientId: string;
  readonly ownerId: string;
  readonly budget: Pick<TokenAllowance, 'reserve'>;
  /** Aborted when the client hangs up. */
  readonly gone: AbortSignal;
  /** When its first token is due, on the clock of `performance.now`: one that has no seat by then is given up. */
  readonly startBy?: number | undefined;
}
