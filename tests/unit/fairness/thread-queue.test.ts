import { expect, it } from 'vitest';
import { EngineError } from '../../../src/errors.ts';
import { countAccepted } from '../../../src/fairness/accept-turns.ts';
import { ThreadQueue } from '../../../src/fairness/thread-queue.ts';

const { signal } = new AbortController();

it('gives one turn in a turn of the event loop', async () => {
  const turns = new ThreadQueue();
  const log: string[] = [];
  let isDone = false;
  const countTurns = (): void => {
    log.push('loop');
    if (!isDone) setImmediate(countTurns);
  };
  const work = [1, 2, 3].map((index) => turns.take('a', signal).then(() => log.push(`work ${index}`)));
  setImmediate(countTurns);
  await Promise.all(work);
  isDone = true;
  const between = log.slice(log.indexOf('work 1') + 1, log.indexOf('work 3'));
  expect(between.filter((entry) => entry === 'work 2')).toHaveLength(1);
  expect(between.filter((entry) => entry === 'loop').length).toBeGreaterThanOrEqual(2);
});

it('lets clients take turns, however much one of them asks for', async () => {
  const turns = new ThreadQueue();
  const order: string[] = [];
  const hold = (): void => {
    const endsAt = performance.now() + 3;
    while (performance.now() < endsAt);
  };
  const ask = (clientId: string): Promise<void> =>
    turns.take(clientId, signal).then(() => {
      order.push(clientId);
      hold();
    });
  await Promise.all([...Array.from({ length: 10 }, () => ask('a')), ask('b')]);
  expect(order.indexOf('b')).toBeLessThanOrEqual(2);
});

it('rejects as soon as the client has left', async () => {
  const turns = new ThreadQueue();
  const controller = new AbortController();
  const taken = turns.take('a', controller.signal);
  controller.abort();
  await expect(taken).rejects.toBeInstanceOf(EngineError);
  // Its turn is not kept for it.
  await turns.take('a', signal);
});

it('rejects after the longest wait', async () => {
  const turns = new ThreadQueue(20);
  const hold = (): void => {
    const endsAt = performance.now() + 30;
    while (performance.now() < endsAt);
  };
  const first = turns.take('a', signal).then(hold);
  const others = Array.from({ length: 3 }, () => turns.take('a', signal).then(hold));
  await first;
  const settled = await Promise.allSettled(others);
  expect(settled.some(({ status }) => status === 'rejected')).toBe(true);
  const reasons = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  for (const reason of reasons) expect(reason).toMatchObject({ code: 'queue_full', retryAfterMs: 1000 });
  await turns.take('b', signal);
});

it('lets the loop run within a turn, and ends the turn before the next begins', async () => {
  const turns = new ThreadQueue();
  const log: string[] = [];
  const work = async (name: string): Promise<void> => {
    await turns.take('a', signal);
    log.push(`${name} begins`);
    setImmediate(() => log.push('loop'));
    await turns.goOn('a', signal);
    log.push(`${name} ends`);
  };
  await Promise.all([work('first'), work('second')]);
  expect(log.filter((entry) => entry !== 'loop')).toEqual([
    'first begins',
    'first ends',
    'second begins',
    'second ends',
  ]);
  expect(log.indexOf('loop')).toBeLessThan(log.indexOf('second begins'));
  // Without a turn at hand it takes one.
  await turns.goOn('a', signal);
});

it('leaves the loop to connections that come, for some milliseconds', async () => {
  const turns = new ThreadQueue();
  const startedAt = performance.now();
  const doneAt: number[] = [];
  const work = Array.from({ length: 2 }, () =>
    turns.take('a', signal).then(() => doneAt.push(performance.now() - startedAt)),
  );
  let isComing = true;
  const accept = (): void => {
    countAccepted();
    if (isComing) setImmediate(accept);
  };
  accept();
  await Promise.all(work);
  isComing = false;
  expect(doneAt[0]).toBeGreaterThanOrEqual(10);
  expect(doneAt[1]).toBeGreaterThanOrEqual(20);
  // Without any it is not kept waiting.
  await turns.take('a', signal);
});
