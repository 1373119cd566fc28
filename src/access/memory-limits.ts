import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { MINUTE_S, type Account, type AccountState, type LimitStore, type Taking } from './limit-store.ts';

/** The limits of keys as this process alone counts them. */
export class MemoryLimits implements LimitStore {
  readonly #minutes = new Map<string, MemoryMinute>();
  readonly #numInFlight = new Map<string, number>();

  take(account: Account, keyId: string, number: number, limit: number): Promise<Taking> {
    return this.#minute(account, keyId, limit).take(number);
  }

  look(account: Account, keyId: string, limit: number): Promise<AccountState> {
    return this.#minute(account, keyId, limit).look();
  }

  enter(keyId: string, limit: number): Promise<(() => Promise<void>) | undefined> {
    const number = this.#numInFlight.get(keyId) ?? 0;
    if (number >= limit) return Promise.resolve(undefined);
    this.#numInFlight.set(keyId, number + 1);
    let isIn = true;
    return Promise.resolve(() => {
      if (isIn) this.#leave(keyId);
      isIn = false;
      return Promise.resolve();
    });
  }

  #leave(keyId: string): void {
    const number = (this.#numInFlight.get(keyId) ?? 1) - 1;
    if (number > 0) this.#numInFlight.set(keyId, number);
    else this.#numInFlight.delete(keyId);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** As many as there are keys in the file, two each. */
  #minute(account: Account, keyId: string, limit: number): MemoryMinute {
    const name = `${account} ${keyId}`;
    let minute = this.#minutes.get(name);
    if (minute === undefined) {
      minute = new MemoryMinute(limit);
      this.#minutes.set(name, minute);
    }
    // The file may have another limit by now; what was taken stays.
    minute.setLimit(limit);
    return minute;
  }
}

/** One account of one key. The library tells of its result a turn later, so that calls must not overlap. */
class MemoryMinute {
  static readonly #KEY = 'only';
  readonly #limiter: RateLimiterMemory;
  #last: Promise<unknown> = Promise.resolve();

  constructor(limit: number) {
    this.#limiter = new RateLimiterMemory({ points: limit, duration: MINUTE_S });
  }

  setLimit(limit: number): void {
    this.#limiter.points = limit;
  }

  take(number: number): Promise<Taking> {
    return this.#oneByOne(async () => {
      const { points: limit } = this.#limiter;
      try {
        const taken = await this.#limiter.consume(MemoryMinute.#KEY, number);
        const endsAtMs = performance.now() + taken.msBeforeNext;
        return {
          isTaken: true,
          state: { limit, remaining: taken.remainingPoints, resetMs: taken.msBeforeNext },
          giveBack: (part) => this.#giveBack(part, endsAtMs),
        };
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) throw refused;
        // The library counts what it refuses as well.
        const { consumedPoints, msBeforeNext } = await this.#limiter.reward(MemoryMinute.#KEY, number);
        const state = { limit, remaining: Math.max(limit - consumedPoints, 0), resetMs: msBeforeNext };
        return { isTaken: false, state, giveBack: () => Promise.resolve() };
      }
    });
  }

  look(): Promise<AccountState> {
    return this.#oneByOne(async () => {
      const { points: limit } = this.#limiter;
      const found = await this.#limiter.get(MemoryMinute.#KEY);
      if (found === null || found.msBeforeNext <= 0) return { limit, remaining: limit, resetMs: 0 };
      return { limit, remaining: found.remainingPoints, resetMs: found.msBeforeNext };
    });
  }

  #giveBack(number: number, endsAtMs: number): Promise<void> {
    return this.#oneByOne(async () => {
      const leftMs = endsAtMs - performance.now();
      const found = await this.#limiter.get(MemoryMinute.#KEY);
      // The minute after it ends a minute later.
      const isOver = found === null || found.msBeforeNext <= 0 || found.msBeforeNext > leftMs + 1000;
      if (leftMs > 0 && !isOver) await this.#limiter.reward(MemoryMinute.#KEY, number);
    });
  }

  #oneByOne<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#last.then(task);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
