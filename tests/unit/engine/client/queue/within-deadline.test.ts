import { getEventListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { withinDeadline } from '../../../../../src/engine/client/queue/waits.ts';

const aClient = () => {
  const client = new AbortController();
  return { client, given: { clientId: 'a/b', gone: client.signal } };
};

describe('withinDeadline', () => {
  it('counts the time from the beginning, however late the signal is read', async () => {
    const { given } = aClient();
    const reason = withinDeadline(given, 30, async (caller) => {
      await delay(60);
      const { signal } = caller;
      await delay(20);
      return (signal.reason as { code?: string }).code;
    });
    expect(await reason).toBe('request_timeout');
  });

  it.each(['before', 'after'])('tells of a client that is gone %s the signal is read', async (when) => {
    const { client, given } = aClient();
    const isAborted = withinDeadline(given, 10_000, async (caller) => {
      if (when === 'before') client.abort();
      const { signal } = caller;
      if (when === 'after') client.abort();
      await delay(1);
      return signal.aborted;
    });
    expect(await isAborted).toBe(true);
  });

  it('leaves nothing behind, and aborts the rest of what failed', async () => {
    const { client, given } = aClient();
    let signal: AbortSignal | undefined;
    const failing = withinDeadline(given, 10_000, (caller) => {
      ({ signal } = caller);
      return Promise.reject(new Error('part of the work'));
    });
    await expect(failing).rejects.toThrow('part of the work');
    expect(signal?.aborted).toBe(true);
    expect(getEventListeners(client.signal, 'abort')).toEqual([]);
  });

  it('makes no signal that nothing reads, and does not ask for that of the client', async () => {
    let numAsked = 0;
    const given = {
      clientId: 'a/b',
      get gone() {
        numAsked++;
        return new AbortController().signal;
      },
    };
    await withinDeadline(given, 10_000, () => delay(1));
    expect(numAsked).toBe(0);
  });
});
