import { describe, expect, it } from 'vitest';
import { HeldBytes } from '../../../../src/http/edge/held-bytes.ts';

const BOUND = 1000;

describe('bytes that requests hold together', () => {
  it('are given up first by the group that holds most, its largest first', () => {
    const bytes = new HeldBytes('bodies');
    const [small, large] = [bytes.open('a', BOUND), bytes.open('a', BOUND)];
    const other = bytes.open('b', BOUND);
    small.hold(300);
    large.hold(400);
    other.hold(300);
    expect([small, large, other].map(({ signal }) => signal.aborted)).toEqual([false, false, false]);
    bytes.open('c', BOUND).hold(10);
    expect([small, large, other].map(({ signal }) => signal.aborted)).toEqual([false, true, false]);
    expect(large.signal.reason).toMatchObject({ code: 'queue_full', retryable: true });
    expect(bytes.numBytes).toBe(610);
  });

  it('a group of many small ones loses several for one that is large', () => {
    const bytes = new HeldBytes('bodies');
    const many = Array.from({ length: 10 }, () => bytes.open('a', BOUND));
    for (const one of many) one.hold(100);
    const newcomer = bytes.open('b', BOUND);
    newcomer.hold(250);
    expect(newcomer.signal.aborted).toBe(false);
    expect(many.filter(({ signal }) => signal.aborted)).toHaveLength(3);
  });

  it('a request that grows is the one that ends where its own group holds most', () => {
    const bytes = new HeldBytes('bodies');
    const growing = bytes.open('a', BOUND);
    bytes.open('b', BOUND).hold(400);
    growing.hold(500);
    growing.hold(700);
    expect(growing.signal.aborted).toBe(true);
    growing.hold(800);
    growing.release();
    expect(bytes.numBytes).toBe(400);
  });

  it('that are released count no more', () => {
    const bytes = new HeldBytes('bodies');
    for (let round = 0; round < 100; round++) {
      const held = bytes.open('a', BOUND);
      held.hold(900);
      held.release();
      held.release();
      expect(held.signal.aborted).toBe(false);
    }
    expect(bytes.numBytes).toBe(0);
  });
});
