import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClientShares } from '../../../src/fairness/client-shares.ts';
import { Scheduler, type ScheduledStep } from '../../../src/scheduler/scheduler.ts';
import { createSequence, type Sequence } from '../../../src/scheduler/sequence.ts';

describe('ClientShares', () => {
  it('gives the turn to whoever was given least, and among equals to whoever waited longest', () => {
    const shares = new ClientShares();
    for (const id of ['a', 'b', 'c']) shares.enter(id);
    expect(shares.next(['a', 'b', 'c'])).toBe('a');
    shares.serve('a', 5);
    shares.serve('b', 5);
    expect(shares.next(['a', 'b', 'c'])).toBe('c');
    shares.serve('c', 5);
    expect(shares.next(['c', 'b', 'a'])).toBe('a');
    shares.serve('b', 1);
    expect(shares.next(['b', 'c'])).toBe('c');
    expect(shares.next([])).toBeUndefined();
  });

  it('gives a group with many members as many turns as a group with one', () => {
    const shares = new ClientShares();
    const many = Array.from({ length: 256 }, (_, member) => `many/${member}`);
    for (const id of [...many, 'few/one']) shares.enter(id);
    const served = new Map<string, number>();
    for (let turn = 0; turn < 1024; turn++) {
      const id = shares.next([...many, 'few/one']) ?? '';
      shares.serve(id, 3);
      served.set(id, (served.get(id) ?? 0) + 1);
    }
    expect(served.get('few/one')).toBe(512);
    expect(many.map((id) => served.get(id))).toEqual(many.map(() => 2));
    // A member that comes now comes to where its group is, not to nothing.
    shares.enter('many/new');
    expect(shares.next(['many/new', 'few/one'])).toBe('many/new');
    shares.serve('many/new', 30);
    expect(shares.next(['many/new', 'few/one'])).toBe('few/one');
  });

  it('forgets a group once all its members have gone', () => {
    const shares = new ClientShares();
    for (const id of ['a/1', 'a/2', 'b/1']) shares.enter(id);
    shares.serve('a/1', 10);
    for (const id of ['a/1', 'a/2', 'b/1']) shares.leave(id);
    for (const id of ['a/1', 'a/2']) shares.enter(id);
    expect(shares.next(['a/2', 'a/1'])).toBe('a/2');
    expect(() => shares.serve('b/1', 1)).toThrow('while its members have work');
  });

  it('lets nobody save up turns, and nobody pay for them', () => {
    const shares = new ClientShares();
    shares.enter('busy');
    shares.serve('busy', 1000);
    // It comes to where the busy one is, and goes first.
    shares.enter('new');
    expect(shares.next(['busy', 'new'])).toBe('new');
    shares.serve('new', 1);
    expect(shares.next(['busy', 'new'])).toBe('busy');
    shares.leave('new');
    shares.serve('busy', 5000);
    shares.enter('new');
    shares.serve('new', 1);
    expect(shares.next(['busy', 'new'])).toBe('busy');
  });

  it('remembers one that left after it was given more than the others', () => {
    const shares = new ClientShares();
    shares.enter('patient');
    shares.enter('greedy');
    shares.serve('patient', 10);
    shares.serve('greedy', 100);
    shares.leave('greedy');
    shares.enter('greedy');
    expect(shares.next(['greedy', 'patient'])).toBe('patient');
  });

  it('keeps clients that always want more within one turn of each other', () => {
    const turns = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), turns, (numClients, sizes) => {
        const shares = new ClientShares();
        // Of the groups the i-th has i members.
        const ids = Array.from({ length: numClients }, (_, group) =>
          Array.from({ length: group + 1 }, (_, member) => `${group}/${member}`),
        );
        const served = new Map(ids.flat().map((id) => [id, 0]));
        for (const id of served.keys()) shares.enter(id);
        for (const size of sizes) {
          const id = shares.next(served.keys()) ?? '';
          shares.serve(id, size);
          served.set(id, (served.get(id) ?? NaN) + size);
        }
        const countsOf = ids.map((members) => members.map((id) => served.get(id) ?? NaN));
        const sums = countsOf.map((counts) => counts.reduce((sum, count) => sum + count));
        for (const counts of [sums, ...countsOf])
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(50);
      }),
    );
  });
});

const tokens = (length: number): number[] => Array.from({ length }, (_, i) => i);

describe('Scheduler, among clients', () => {
  let numMade = 0;
  const create = (maxNumSeqs: number, maxNumBatchedTokens: number): Scheduler =>
    new Scheduler({ numPages: 1024, numSeats: maxNumSeqs, maxNumBatchedTokens, prefixCache: false });
  const sequenceOf = (clientId: string, promptLength: number, maxTokens: number): Sequence =>
    createSequence(numMade++, tokens(promptLength), maxTokens, undefined, clientId);

  /** Runs a step as the engine would; those that have all their tokens leave. */
  function run(scheduler: Scheduler, onGone: (sequence: Sequence) => void = () => undefined): ScheduledStep {
    const step = scheduler.schedule();
    if (step === undefined) throw new Error('nothing to run');
    scheduler.advance(step);
    for (const { sequence, completesTokens } of step.sequences) {
      if (!completesTokens) continue;
      sequence.tokenIds.push(0);
      if (sequence.tokenIds.length - sequence.numPromptTokens < sequence.maxTokens) continue;
      scheduler.remove(sequence.id);
      onGone(sequence);
    }
    return step;
  }

  it('gives a newcomer the next seat that becomes free, however many wait', () => {
    const scheduler = create(4, 64);
    for (let i = 0; i < 200; i++) scheduler.add(sequenceOf('flood', 10, 8));
    for (let i = 0; i < 20; i++) run(scheduler);
    const late = sequenceOf('late', 10, 8);
    scheduler.add(late);
    const started: Sequence[] = [];
    while (started.length === 0) started.push(...run(scheduler).started);
    expect(started[0]).toBe(late);
  });

  it('lets a short prompt by at the prompts that another client has before it', () => {
    const scheduler = create(16, 32);
    for (let i = 0; i < 12; i++) scheduler.add(sequenceOf('flood', 900, 8));
    for (let i = 0; i < 30; i++) run(scheduler);
    const late = sequenceOf('late', 100, 8);
    scheduler.add(late);
    let numSteps = 0;
    while (late.tokenIds.length === late.numPromptTokens)
      numSteps += Number(run(scheduler).shape.numRows > 0);
    // 4 steps are its own, and as many the other's.
    expect(numSteps).toBeLessThanOrEqual(10);
  });

  it('serves clients alike whatever they send, and each in its order, and never idles', () => {
    const request = fc.record({
      clientId: fc.constantFrom('a', 'b', 'c'),
      promptLength: fc.integer({ min: 1, max: 60 }),
      maxTokens: fc.integer({ min: 1, max: 20 }),
    });
    const limits = fc.record({
      maxNumSeqs: fc.integer({ min: 1, max: 6 }),
      maxNumBatchedTokens: fc.integer({ min: 1, max: 40 }),
    });
    fc.assert(
      fc.property(limits, fc.array(request, { minLength: 1, maxLength: 80 }), (limit, requests) => {
        const scheduler = create(limit.maxNumSeqs, limit.maxNumBatchedTokens);
        const budget = scheduler.maxNumBatchedTokens;
        const waiting = new Map<string, Sequence[]>();
        const served = new Map<string, number>();
        let numOpen = requests.length;
        for (const { clientId, promptLength, maxTokens } of requests) {
          const sequence = sequenceOf(clientId, promptLength, maxTokens);
          waiting.set(clientId, [...(waiting.get(clientId) ?? []), sequence]);
          served.set(clientId, 0);
          scheduler.add(sequence);
        }
        while (numOpen > 0) {
          const step = run(scheduler, () => numOpen--);
          for (const { sequence, numScheduledTokens } of step.sequences) {
            served.set(sequence.clientId, (served.get(sequence.clientId) ?? NaN) + numScheduledTokens);
          }
          for (const sequence of step.started) expect(waiting.get(sequence.clientId)?.shift()).toBe(sequence);
          // A row is free only when no seat is, or nobody is left to take either.
          const numWaiting = [...waiting.values()].flat().length;
          if (step.shape.numRows < budget && numWaiting > 0)
            expect(step.sequences.length).toBe(limit.maxNumSeqs);
          const backlogged = [...waiting].filter(([, list]) => list.length > 0).map(([id]) => served.get(id));
          const counts = backlogged.map((count) => count ?? NaN);
          // What a client has running when another's turn comes runs to its end: a seat's worth for each seat.
          if (counts.length > 1) {
            expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(
              80 * limit.maxNumSeqs + budget,
            );
          }
        }
        expect(scheduler.schedule()).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });
});
