import { expect, it } from 'vitest';
import { countAccepted } from '../../../../src/fairness/accept-turns.ts';
import { ReadQueue } from '../../../../src/http/edge/read-queue.ts';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('lets a connection go on at once unless the thread is busy', () => {
  let nowMs = 0;
  let idleMs = 0;
  const turns = new ReadQueue(
    () => nowMs,
    () => idleMs,
  );
  const answers = Array.from({ length: 8 }, () => {
    nowMs += 2;
    return turns.mayGoOn();
  });
  expect(answers).toEqual([true, true, true, true, true, false, false, false]);
  idleMs += 0.01;
  expect(turns.mayGoOn()).toBe(false);
  idleMs += 1;
  expect(turns.mayGoOn()).toBe(true);
});

it('gives a network its turn however many connections of another wait', async () => {
  const turns = new ReadQueue();
  const order: string[] = [];
  for (let i = 0; i < 100; i++) turns.wait('a', () => order.push('a'));
  turns.wait('b', () => order.push('b'));
  while (order.length < 101) await nextTurn();
  expect(order.indexOf('b')).toBe(1);
});

it('calls a few in a turn of the event loop', async () => {
  const turns = new ReadQueue();
  let numCalls = 0;
  for (let i = 0; i < 100; i++) turns.wait('a', () => numCalls++);
  await nextTurn();
  const inFirst = numCalls;
  await nextTurn();
  expect(inFirst).toBeLessThanOrEqual(16);
  expect(numCalls).toBeGreaterThan(inFirst);
  expect(numCalls).toBeLessThanOrEqual(32);
});

it('accepts the connections that come before it reads them, for some milliseconds', async () => {
  let nowMs = 0;
  const turns = new ReadQueue(
    () => nowMs,
    () => 0,
  );
  let numCalls = 0;
  for (let i = 0; i < 40; i++) turns.waitToBegin('a', () => numCalls++);
  countAccepted();
  await nextTurn();
  expect(numCalls).toBe(0);
  countAccepted();
  nowMs += 101;
  await nextTurn();
  expect(numCalls).toBe(16);
  countAccepted();
  await nextTurn();
  expect(numCalls).toBe(16);
  // Nothing came.
  await nextTurn();
  expect(numCalls).toBe(32);
});

it('parses some of those that were there before while it accepts', async () => {
  let nowMs = 0;
  const turns = new ReadQueue(
    () => nowMs,
    () => 0,
  );
  const order: string[] = [];
  for (let i = 0; i < 40; i++) turns.wait('a', () => order.push('a'));
  turns.wait('b', () => order.push('b'));
  turns.waitToBegin('c', () => order.push('c'));
  countAccepted();
  await nextTurn();
  expect(order).toEqual(['a', 'b', 'a', 'a']);
  countAccepted();
  await nextTurn();
  expect(order).toHaveLength(4);
  nowMs += 25;
  countAccepted();
  await nextTurn();
  expect(order).toHaveLength(8);
});

it('reads fewer newcomers in a turn where each of them takes long', async () => {
  let nowMs = 0;
  const turns = new ReadQueue(
    () => nowMs,
    () => 0,
  );
  const perTurn: number[] = [];
  let numBegun = 0;
  for (let i = 0; i < 100; i++) turns.waitToBegin('a', () => numBegun++);
  for (let turn = 0; turn < 8; turn++) {
    const before = numBegun;
    await nextTurn();
    perTurn.push(numBegun - before);
    // What the loop does between two turns: it parses them.
    for (let i = before; i < numBegun; i++) {
      turns.begun();
      nowMs += 5;
    }
  }
  expect(perTurn[0]).toBe(16);
  expect(perTurn.at(-1)).toBeLessThanOrEqual(4);
  expect(perTurn.at(-1)).toBeGreaterThanOrEqual(2);
});
