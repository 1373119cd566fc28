/** Waits for the last work to leave. */
export class IdleWaiter {
  #onIdle: (() => void) | undefined;

  /** The last work has left. */
  notify(): void {
    this.#onIdle?.();
  }

  /** Whether it does within so many milliseconds. */
  within(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs);
      this.#onIdle = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}
