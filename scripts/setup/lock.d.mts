/** Waits until no other process holds the lock, and returns what lets it go. */
export function takeLock(path: string, say: (text: string) => void): Promise<() => void>;
