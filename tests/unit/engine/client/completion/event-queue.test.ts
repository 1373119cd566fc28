import { describe, expect, it } from 'vitest';
import { EventQueue, type Merging } from '../../../../../src/engine/client/completion/event-queue.ts';

interface Delta {
  index: number;
  numbers: number[];
}

/** Counts the numbers that are moved. */
class Deltas implements Merging<Delta> {
  numMoved = 0;

  keyOf({ index }: Delta): number {
    return index;
  }

  merge(waiting: Delta, next: Delta): boolean {
    this.numMoved += next.numbers.length;
    waiting.numbers.push(...next.numbers);
    return true;
  }
}

async function readAll(queue: EventQueue<Delta>): Promise<Delta[]> {
  const events: Delta[] = [];
  for await (const event of queue) events.push(event);
  return events;
}

describe('events that a reader has not taken', () => {
  it('become one for each choice, however the choices alternate, and each number is moved once', async () => {
    const deltas = new Deltas();
    const queue = new EventQueue<Delta>(deltas);
    for (let number = 0; number < 10_000; number++) queue.push({ index: number % 100, numbers: [number] });
    queue.end();
    const events = await readAll(queue);
    expect(events.map(({ index }) => index)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    for (const { index, numbers } of events) {
      expect(numbers).toEqual(Array.from({ length: 100 }, (_, round) => 100 * round + index));
    }
    expect(deltas.numMoved).toBe(9900);
  });

  it('are merged no more once they are taken', async () => {
    const queue = new EventQueue<Delta>(new Deltas());
    const reader = queue[Symbol.asyncIterator]();
    queue.push({ index: 0, numbers: [1] });
    const first = await reader.next();
    queue.push({ index: 0, numbers: [2] });
    queue.push({ index: 0, numbers: [3] });
    expect(first.value).toEqual({ index: 0, numbers: [1] });
    expect((await reader.next()).value).toEqual({ index: 0, numbers: [2, 3] });
  });

  it('stay in order without merging, and end by a failure', async () => {
    const queue = new EventQueue<number>();
    for (let number = 0; number < 1000; number++) queue.push(number);
    queue.fail(new Error('over'));
    queue.push(1000);
    const taken: number[] = [];
    await expect(
      (async () => {
        for await (const number of queue) taken.push(number);
      })(),
    ).rejects.toThrow('over');
    expect(taken).toEqual(Array.from({ length: 1000 }, (_, number) => number));
  });
});
