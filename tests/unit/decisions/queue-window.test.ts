import { describe, expect, it } from 'vitest';
import { takeQueueTokens, reserveUpTo } from '../../../src/engine/client/queue/reserve-up-to.ts';
import { RequestQueue, type QueueBounds } from '../../../src/engine/client/queue/request-queue.ts';

const queueOf = (bounds: Partial<QueueBounds>): RequestQueue =>
  new RequestQueue({ maxQueuedSequences: 256, maxQueuedTokens: 1000, ...bounds }, () => 0);
const lengths = Array<number>(400).fill(100);

describe('the slots of a request of hundreds of sequences', () => {
  it.each([
    [256, 32],
    [32, 32],
    [31, 16],
    [5, 4],
    [1, 1],
  ])('are, in a queue of %i, %i', (maxQueuedSequences, numSlots) => {
    const queue = queueOf({ maxQueuedSequences });
    expect(reserveUpTo(queue, 400, '').numSequences).toBe(numSlots);
    expect(queue.numSequencesWaiting).toBe(numSlots);
  });

  it('are no more than it has sequences', () => {
    expect(reserveUpTo(queueOf({}), 3, '').numSequences).toBe(3);
  });

  it('are fewer where their tokens have no room', () => {
    const queue = queueOf({ maxQueuedTokens: 450 });
    const reservation = reserveUpTo(queue, 400, '');
    takeQueueTokens(reservation, lengths, 'input');
    expect(reservation.numSequences).toBe(4);
    expect([queue.numSequencesWaiting, queue.numTokensWaiting]).toEqual([4, 400]);
  });

  it('are none where one sequence has no room', () => {
    const full = queueOf({ maxQueuedSequences: 0 });
    expect(() => reserveUpTo(full, 400, '')).toThrow('the queue is full');
    const narrow = queueOf({ maxQueuedTokens: 99 });
    const reservation = reserveUpTo(narrow, 400, '');
    expect(() => takeQueueTokens(reservation, lengths, 'input')).toThrow(
      'input has 100 tokens, more than the queue',
    );
    reservation.release();
    expect([narrow.numSequencesWaiting, narrow.numTokensWaiting]).toEqual([0, 0]);
  });
});
