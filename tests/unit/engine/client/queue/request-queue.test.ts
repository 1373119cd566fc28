import { describe, expect, it } from 'vitest';
import { DrainRate, RequestQueue } from '../../../../../src/engine/client/queue/request-queue.ts';
import { EngineError } from '../../../../../src/errors.ts';

function refusalOf(action: () => unknown): EngineError {
  try {
    action();
  } catch (error) {
    if (error instanceof EngineError) return error;
  }
  throw new Error('was not refused');
}

describe('RequestQueue', () => {
  const create = (maxQueuedSequences: number, maxNumSeqs: number, maxQueuedTokens = 100): RequestQueue => {
    const queue = new RequestQueue({ maxQueuedSequences, maxQueuedTokens }, () => 0);
    queue.setSeats(maxNumSeqs);
    return queue;
  };

  it('lets in what free seats and the queue hold, and no more', () => {
    const queue = create(3, 2);
    for (let i = 0; i < 5; i++) queue.reserve(1);
    const refusal = refusalOf(() => queue.reserve(1));
    expect(refusal.code).toBe('queue_full');
    expect(refusal.retryAfterMs).toBeGreaterThan(0);
  });

  it('counts a request of several sequences as so many, all or none', () => {
    const queue = create(3, 0);
    expect(refusalOf(() => queue.reserve(4)).code).toBe('queue_full');
    queue.reserve(3);
    expect(queue.numSequencesWaiting).toBe(3);
  });

  it('takes slots back before they are used', () => {
    const queue = create(3, 0);
    const reservation = queue.reserve(3);
    reservation.shrinkTo(1);
    expect([reservation.numSequences, queue.numSequencesWaiting]).toEqual([1, 1]);
    queue.reserve(2);
    reservation.release();
    expect(queue.numSequencesWaiting).toBe(2);
  });

  it('lets a sequence follow one that starts, in its place', () => {
    const queue = create(1, 1);
    queue.reserve(1).takeTokens(5, 'prompt');
    queue.start(5);
    queue.follow(6);
    expect([queue.numSequencesWaiting, queue.numTokensWaiting]).toEqual([1, 6]);
    expect(refusalOf(() => queue.reserve(1)).code).toBe('queue_full');
    queue.leave(6);
    expect([queue.numSequencesWaiting, queue.numTokensWaiting]).toEqual([0, 0]);
  });

  it('serves without a queue as long as seats are free', () => {
    const queue = create(0, 1);
    queue.reserve(1);
    queue.addTokens(5);
    queue.start(5);
    expect(refusalOf(() => queue.reserve(1)).code).toBe('queue_full');
    queue.finish();
    queue.reserve(1);
  });

  it('has no free seat, and no less than none, while more sequences have started than there are seats', () => {
    const queue = create(1, 2);
    for (let i = 0; i < 3; i++) {
      // As when a sequence of one client is preempted for one of another.
      queue.reserve(1, `client ${i}`);
      queue.addTokens(5, `client ${i}`);
      queue.start(5, `client ${i}`);
    }
    expect([queue.numSequencesRunning, queue.numSequencesWaiting]).toEqual([3, 0]);
    queue.reserve(1);
    const { retryAfterMs, message } = refusalOf(() => queue.reserve(1));
    expect(message).toContain('and 0 free seats');
    expect(retryAfterMs).toBeGreaterThan(0);
    // The preempted one gets the first seat that is free.
    queue.finish();
    expect(refusalOf(() => queue.reserve(1)).message).toContain('and 0 free seats');
    queue.finish();
    queue.reserve(1);
  });

  it('gives slots back once, unless they were taken over', () => {
    const queue = create(2, 0);
    const first = queue.reserve(1);
    first.release();
    first.release();
    expect(queue.numSequencesWaiting).toBe(0);
    const second = queue.reserve(1);
    second.takeOver();
    second.release();
    expect(queue.numSequencesWaiting).toBe(1);
  });

  it('takes tokens in place of those taken before, keeps these when there is no room, and gives all back', () => {
    const queue = create(4, 0, 100);
    const first = queue.reserve(1, 'a');
    first.takeTokens(80, 'prompt');
    first.takeTokens(30, 'prompt');
    const second = queue.reserve(1, 'a');
    second.takeTokens(60, 'prompt');
    expect(refusalOf(() => second.takeTokens(71, 'prompt')).code).toBe('queue_full');
    expect(refusalOf(() => second.takeTokens(101, 'input'))).toMatchObject({
      code: 'invalid_request',
      param: 'input',
    });
    expect(queue.numTokensWaiting).toBe(90);
    first.release();
    second.takeOver();
    second.release();
    expect([queue.numTokensWaiting, queue.numSequencesWaiting]).toEqual([60, 1]);
    queue.leave(60, 'a');
    expect([queue.numTokensWaiting, queue.numSequencesWaiting]).toEqual([0, 0]);
  });

  it('lets a client in beside one that filled the queue, for its sequences and its tokens', () => {
    const queue = create(4, 0, 100);
    for (let i = 0; i < 4; i++) queue.reserve(1, 'flood');
    queue.addTokens(100, 'flood');
    expect(refusalOf(() => queue.reserve(1, 'flood')).code).toBe('queue_full');
    queue.reserve(2, 'late').takeOver();
    queue.addTokens(50, 'late');
    expect(refusalOf(() => queue.reserve(1, 'late')).code).toBe('queue_full');
    expect(refusalOf(() => queue.addTokens(1, 'late')).code).toBe('queue_full');
    expect([queue.numSequencesWaiting, queue.numTokensWaiting]).toEqual([6, 150]);
    queue.start(25, 'late');
    queue.leave(25, 'late');
    expect([queue.numSequencesWaiting, queue.numTokensWaiting, queue.numSequencesRunning]).toEqual([
      4, 100, 1,
    ]);
    expect(refusalOf(() => queue.reserve(1, 'flood')).code).toBe('queue_full');
  });

  it('bounds the tokens that wait, and tells never from not now', () => {
    const queue = create(9, 0);
    expect(refusalOf(() => queue.addTokens(101)).code).toBe('invalid_request');
    queue.addTokens(60);
    expect(refusalOf(() => queue.addTokens(60)).code).toBe('queue_full');
    queue.reserve(1);
    queue.leave(60);
    queue.addTokens(60);
    expect(queue.numTokensWaiting).toBe(60);
  });
});

describe('DrainRate', () => {
  it('says how long the measured rate needs for so many slots', () => {
    const rate = new DrainRate();
    for (let ms = 0; ms <= 4000; ms += 500) rate.recordLeft(ms);
    // 9 left in 4.5 seconds by now: half a second each.
    expect(rate.retryAfterMs(4, 4500)).toBe(2000);
  });

  it('forgets what was long ago', () => {
    const rate = new DrainRate();
    rate.recordLeft(0);
    expect(rate.retryAfterMs(3, 100_000)).toBe(3000);
  });

  it('stays between a quarter second and a minute', () => {
    const rate = new DrainRate();
    rate.recordLeft(0);
    expect(rate.retryAfterMs(1, 1)).toBe(250);
    expect(rate.retryAfterMs(1000, 29_000)).toBe(60_000);
  });
});
