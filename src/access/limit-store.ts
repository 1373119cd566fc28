/** Where the limits of keys are counted: in this process, or in Redis for all replicas. */

/** What a key has a number of for each minute. */
export type Account = 'requests' | 'tokens';

/** A minute's account as it stands. */
export interface AccountState {
  readonly limit: number;
  readonly remaining: number;
  /** Until the minute ends and the whole limit is there again; 0 where nothing was taken. */
  readonly resetMs: number;
}

export interface Taking {
  /** False: more than was left; nothing was taken then. */
  readonly isTaken: boolean;
  readonly state: AccountState;
  /** Puts a part back into the minute that it was taken from; without effect once that has ended. */
  giveBack(number: number): Promise<void>;
}

export interface LimitStore {
  /** Takes a number from a key's account, all of it or nothing. */
  take(account: Account, keyId: string, number: number, limit: number): Promise<Taking>;
  /** The account as it stands. */
  look(account: Account, keyId: string, limit: number): Promise<AccountState>;
  /**
   * Counts a request in flight.
   * @returns ends it; undefined where as many are in flight as may be
   */
  enter(keyId: string, limit: number): Promise<(() => Promise<void>) | undefined>;
  /** Lets go of connections, after what was begun has ended. */
  close(): Promise<void>;
}

/** A minute begins with the first that is taken, not with the clock's. */
export const MINUTE_S = 60;
