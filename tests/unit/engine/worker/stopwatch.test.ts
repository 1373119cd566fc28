import { expect, it } from 'vitest';
import { Stopwatch } from '../../../../src/engine/worker/timed-guide.ts';

it('adds up the time of works, failed ones too, until it is asked', async () => {
  let nowMs = 100;
  const watch = new Stopwatch(() => nowMs);
  const work = (ms: number): string => {
    nowMs += ms;
    return `${ms} ms`;
  };
  expect(watch.time(() => work(2))).toBe('2 ms');
  nowMs += 50;
  expect(await watch.timeAsync(() => Promise.resolve(work(3)))).toBe('3 ms');
  const fail = (): never => {
    work(4);
    throw new Error('fault');
  };
  expect(() => watch.time(fail)).toThrow('fault');
  await expect(watch.timeAsync(() => Promise.resolve().then(fail))).rejects.toThrow('fault');
  expect(watch.take()).toBe(13);
  expect(watch.take()).toBe(0);
});

it('is 0 without a clock', () => {
  const watch = new Stopwatch();
  watch.time(() => undefined);
  expect(watch.take()).toBe(0);
});
