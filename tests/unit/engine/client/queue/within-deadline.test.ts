import { getEventListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { withinDeadline } from '../../../../../src/engine/client/queue/waits.ts';

const deadline = (timeoutMs?: number) => {
  const client = new AbortController();
  return { client, given: { clientId: 'a/b', gone: client.signal, timeoutMs } };
};

describe('withinDeadline', () => {
  it('counts the time from the beginning, however late the signal is read', async () => {
    const { given } = deadline(30);
    const reason = withinDeadline(given, async (caller) => {
      await delay(60);
      const { signal } = caller;
      await delay(20);
      return (signal.reason as { code?: string }).code;
    });
    expect(await reason).toBe('request_timeout');
  });

  it.each(['before', 'after'])('tells of a client that is gone %s the signal is read', async (when) => {
    const { client, given } = deadline(10_000);
    const isAborted = withinDeadline(given, async (caller) => {
      if (when === 'before') client.abort();
      const { signal } = caller;
      if (when === 'after') client.abort();
      await delay(1);
      return signal.aborted;
    });
    expect(await isAborted).toBe(true);
  });

  it('leaves nothing behind, and aborts the rest of what failed', async () => {
    const { client, given } = deadline(10_000);
    let signal: AbortSignal | undefined;
    const failing = withinDeadline(given, (caller) => {
      ({ signal } = caller);
      return Promise.reject(new Error('part of the work'));
    });
    await expect(failing).rejects.toThrow('part of the work');
    expect(signal?.aborted).toBe(true);
    expect(getEventListeners(client.signal, 'abort')).toEqual([]);
  });

  it('makes no signal that nothing reads', async () => {
    const { client, given } = deadline(10_000);
    const numListeners = await withinDeadline(given, async () => {
      await delay(1);
      return getEventListeners(client.signal, 'abort').length;
    });
    expect(numListeners).toBe(0);
  });
});
