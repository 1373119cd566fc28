const POLL_MS = 25;

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until a condition holds; false when it did not within the limit. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  limitMs: number,
  pollMs = POLL_MS,
): Promise<boolean> {
  const endsAt = performance.now() + limitMs;
  for (;;) {
    if (await condition()) return true;
    if (performance.now() > endsAt) return false;
    await sleep(pollMs);
  }
}

/** The value of a promise, or `undefined` when it has none within the limit. */
export async function within<T>(promise: Promise<T>, limitMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), limitMs)));
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
