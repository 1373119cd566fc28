import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimatePositions } from '../../../../../src/engine/client/queue/estimate-positions.ts';
import { Scheduler } from '../../../../../src/scheduler/scheduler.ts';
import { createSequence } from '../../../../../src/scheduler/sequence.ts';

const NUM_SEATS = 2;
const PROMPT_LENGTH = 4;

/** How each waiting sequence was placed, and in which order the real scheduler then starts them. */
function play(clientIds: readonly string[], numTokens: number): { estimated: number[]; actual: number[] } {
  const scheduler = new Scheduler({
    numPages: 1024,
    numSeats: NUM_SEATS,
    maxNumBatchedTokens: 64,
    prefixCache: false,
  });
  const sequences = clientIds.map((clientId, id) =>
    createSequence(
      id,
      Array.from({ length: PROMPT_LENGTH }, (_, i) => i),
      numTokens,
      undefined,
      clientId,
    ),
  );
  for (const sequence of sequences) scheduler.add(sequence);
  const held = new Map(clientIds.map((clientId, id) => [id, { clientId, started: false }]));
  const started: number[] = [];
  let estimated: number[] | undefined;
  for (;;) {
    const step = scheduler.schedule();
    if (step === undefined) break;
    scheduler.advance(step);
    for (const { id } of step.started) {
      started.push(id);
      held.set(id, { clientId: clientIds[id] ?? '', started: true });
    }
    if (estimated === undefined) {
      const positions = estimatePositions(held);
      estimated = [...positions].toSorted(([, one], [, other]) => one - other).map(([id]) => id);
    }
    for (const { sequence, completesTokens } of step.sequences) {
      if (!completesTokens) continue;
      sequence.tokenIds.push(0);
      if (sequence.tokenIds.length === PROMPT_LENGTH + numTokens) scheduler.remove(sequence.id);
    }
  }
  return { estimated: estimated ?? [], actual: started.slice(NUM_SEATS) };
}

/** How far each of an expected order is from its position in the actual one, on average. */
const meanDistance = (expected: readonly number[], actual: readonly number[]): number =>
  mean(expected.map((id, index) => Math.abs(actual.indexOf(id) - index)));

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1);

describe('estimatePositions', () => {
  it('is the order of arrival among those of one client', () => {
    const { estimated, actual } = play(Array<string>(12).fill('a/1'), 5);
    expect(estimated).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(actual).toEqual(estimated);
  });

  it('puts a client that has no seat before those of one that has', () => {
    const held = new Map([
      [0, { clientId: 'a/1', started: true }],
      [1, { clientId: 'a/1', started: true }],
      [2, { clientId: 'a/1', started: false }],
      [3, { clientId: 'a/2', started: false }],
      [4, { clientId: 'b/1', started: false }],
      [5, { clientId: 'b/1', started: false }],
    ]);
    // b has no seat, and two turns; in a it is the turn of the member without one.
    expect([...estimatePositions(held)].map(([id]) => id)).toEqual([4, 5, 3, 2]);
    expect(estimatePositions(held).get(2)).toBe(4);
    expect(estimatePositions(held).get(0)).toBeUndefined();
  });

  it('comes close to what the scheduler does with requests that are alike', () => {
    const clients = fc.array(fc.constantFrom('a/1', 'a/2', 'b/1', 'c/1'), { minLength: 3, maxLength: 24 });
    const [ofEstimate, ofArrival]: [number[], number[]] = [[], []];
    fc.assert(
      fc.property(clients, (clientIds) => {
        const { estimated, actual } = play(clientIds, 8);
        const inOrderOfArrival = actual.toSorted((one, other) => one - other);
        expect(estimated.toSorted((one, other) => one - other)).toEqual(inOrderOfArrival);
        ofEstimate.push(meanDistance(estimated, actual));
        ofArrival.push(meanDistance(inOrderOfArrival, actual));
      }),
      { seed: 7, numRuns: 300 },
    );
    // Where turns are equal the scheduler goes by tokens: neighbours change places.
    expect(mean(ofEstimate)).toBeLessThan(0.5);
    expect(mean(ofArrival)).toBeGreaterThan(3 * mean(ofEstimate));
  });
});
