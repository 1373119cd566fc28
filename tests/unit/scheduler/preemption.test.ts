import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupOf } from '../../../src/fairness/client-id.ts';
import { Scheduler, type ScheduledStep } from '../../../src/scheduler/scheduler.ts';
import { createSequence, numGeneratedTokens, type Sequence } from '../../../src/scheduler/sequence.ts';

const SLICE = 64;
const FOR_EVER = 1_000_000;
const ENOUGH_PAGES = 1 << 16;

/** Steps without a model: a sequence whose tokens are complete gets its next, and leaves when it has all of them. */
class Simulation {
  readonly scheduler: Scheduler;
  readonly here = new Map<number, Sequence>();
  readonly started: Sequence[] = [];
  numPreemptions = 0;
  /** Tokens computed for the first time, and once more. */
  numFirst = 0;
  numAgain = 0;
  readonly #mostComputed = new Map<number, number>();
  #numAdded = 0;

  constructor(numSeats: number, maxNumBatchedTokens = 64, numPages = ENOUGH_PAGES) {
    this.scheduler = new Scheduler({
      numPages,
      numSeats: numSeats,
      maxNumBatchedTokens,
      prefixCache: false,
    });
  }

  add(clientId: string, promptLength = 8, maxTokens = FOR_EVER): Sequence {
    const prompt = Array.from({ length: promptLength }, (_, i) => i);
    const sequence = createSequence(this.#numAdded++, prompt, maxTokens, undefined, clientId);
    this.here.set(sequence.id, sequence);
    this.scheduler.add(sequence);
    return sequence;
  }

  step(): ScheduledStep | undefined {
    const step = this.scheduler.schedule();
    if (step === undefined) return undefined;
    this.started.push(...step.started);
    this.numPreemptions += step.numPreemptions;
    this.scheduler.advance(step);
    for (const { sequence, numScheduledTokens, completesTokens } of step.sequences) {
      const most = this.#mostComputed.get(sequence.id) ?? 0;
      const numFirst = Math.max(sequence.numComputedTokens - most, 0);
      this.numFirst += numFirst;
      this.numAgain += numScheduledTokens - numFirst;
      this.#mostComputed.set(sequence.id, Math.max(most, sequence.numComputedTokens));
      if (!completesTokens) continue;
      sequence.tokenIds.push(0);
      if (numGeneratedTokens(sequence) >= sequence.maxTokens) this.remove(sequence);
    }
    return step;
  }

  steps(count: number): void {
    for (let i = 0; i < count; i++) this.step();
  }

  remove(sequence: Sequence): void {
    expect(this.scheduler.remove(sequence.id)).toBe(this.here.delete(sequence.id));
  }

  numSeatsOf(clientIdOrGroup: string): number {
    return this.scheduler.queue.running.filter(
      ({ clientId }) => clientId === clientIdOrGroup || groupOf(clientId) === clientIdOrGroup,
    ).length;
  }
}

describe('preemption', () => {
  it('gives a newcomer a seat and its first token in the next step, though all seats are in use', () => {
    const simulation = new Simulation(4);
    for (let i = 0; i < 40; i++) simulation.add('flood');
    simulation.steps(10);
    expect(simulation.numSeatsOf('flood')).toBe(4);
    const late = simulation.add('late');
    const step = simulation.step();
    expect(step).toMatchObject({ numPreemptions: 1, started: [late] });
    expect(numGeneratedTokens(late)).toBe(1);
    // What was stopped goes on before all that its client has waiting, and is not said to start again.
    const [stopped] = [...simulation.here.values()].filter(({ numPreemptions }) => numPreemptions > 0);
    expect(stopped).toMatchObject({ clientId: 'flood', seat: undefined, numComputedTokens: 0 });
    simulation.remove(late);
    const after = simulation.step();
    expect(after?.started).toEqual([]);
    expect(after?.sequences.map(({ sequence }) => sequence)).toContain(stopped);
  });

  it('stops the sequence that has the least to compute again', () => {
    const simulation = new Simulation(3);
    const long = simulation.add('busy', 60);
    simulation.step();
    const short = simulation.add('busy', 5);
    const middle = simulation.add('busy', 30);
    simulation.steps(5);
    simulation.add('late');
    simulation.step();
    expect([long, short, middle].map(({ numPreemptions }) => numPreemptions)).toEqual([0, 1, 0]);
  });

  it('comes to equal shares at once, and then stops nothing more', () => {
    const simulation = new Simulation(9);
    for (let i = 0; i < 30; i++) simulation.add('a');
    simulation.steps(3);
    for (let i = 0; i < 30; i++) simulation.add('b');
    simulation.step();
    expect([simulation.numSeatsOf('a'), simulation.numSeatsOf('b')]).toEqual([5, 4]);
    for (let i = 0; i < 30; i++) simulation.add('c');
    simulation.step();
    expect(['a', 'b', 'c'].map((id) => simulation.numSeatsOf(id))).toEqual([3, 3, 3]);
    const { numPreemptions } = simulation;
    simulation.steps(1000);
    expect(simulation.numPreemptions).toBe(numPreemptions);
  });

  it('stops nothing of clients whose sequences come to their ends, since seats go to those below their share', () => {
    const simulation = new Simulation(8);
    const clients = ['a/1', 'a/2', 'b/1', 'c/1'];
    // Prompts of one are long, completions of the other: by tokens alone one would get the seats of all others.
    const add = (clientId: string): Sequence =>
      simulation.add(clientId, clientId === 'c/1' ? 50 : 3, clientId === 'c/1' ? 2 : 25);
    for (const clientId of clients) for (let i = 0; i < 5; i++) add(clientId);
    simulation.steps(5);
    for (let i = 0; i < 1000; i++) {
      const before = [...simulation.here.values()];
      simulation.step();
      for (const { id, clientId } of before) if (!simulation.here.has(id)) add(clientId);
    }
    expect(simulation.numPreemptions).toBe(0);
    expect(simulation.started.length).toBeGreaterThan(200);
  });

  it('gives a group of 256 members what it gives a group of one, and that at once', () => {
    const simulation = new Simulation(8);
    for (let member = 0; member < 256; member++) simulation.add(`many/${member}`);
    simulation.steps(5);
    for (let i = 0; i < 10; i++) simulation.add('few/one');
    simulation.step();
    expect([simulation.numSeatsOf('many'), simulation.numSeatsOf('few')]).toEqual([4, 4]);
    simulation.steps(SLICE + 5);
    expect([simulation.numSeatsOf('many'), simulation.numSeatsOf('few')]).toEqual([4, 4]);
  });

  it('shares the seats of a group equally among its members', () => {
    const simulation = new Simulation(8);
    for (let i = 0; i < 20; i++) simulation.add('a/one');
    simulation.steps(3);
    for (let i = 0; i < 20; i++) simulation.add('a/two');
    for (let i = 0; i < 20; i++) simulation.add('b/one');
    simulation.steps(2);
    const counts = ['a/one', 'a/two', 'b/one'].map((id) => simulation.numSeatsOf(id));
    expect(counts).toEqual([2, 2, 4]);
    const { numPreemptions } = simulation;
    simulation.steps(1000);
    expect(simulation.numPreemptions).toBe(numPreemptions);
  });

  it.each([1, 3])('lets clients take turns where there are more of them than %i seats', (numSeats) => {
    const simulation = new Simulation(numSeats);
    const clients = Array.from({ length: 2 * numSeats + 1 }, (_, i) => `client ${i}`);
    const sequences = clients.map((clientId) => simulation.add(clientId, 8, 400));
    const slices = new Map<Sequence, number>();
    while (simulation.here.size > 0) {
      const before = new Map(sequences.map((sequence) => [sequence, sequence.numPreemptions]));
      const lengths = new Map(sequences.map((sequence) => [sequence, sequence.tokenIds.length]));
      simulation.step();
      for (const sequence of sequences) {
        if (sequence.numPreemptions === before.get(sequence)) continue;
        const length = lengths.get(sequence) ?? NaN;
        // Each slice is worth what it costs.
        const numInSlice = length - (slices.get(sequence) ?? sequence.numPromptTokens);
        expect(numInSlice).toBeGreaterThanOrEqual(SLICE);
        slices.set(sequence, length);
      }
      const first = sequences.find((sequence) => numGeneratedTokens(sequence) === 400);
      // None is done before all have begun.
      if (first !== undefined)
        for (const one of sequences) expect(numGeneratedTokens(one)).toBeGreaterThan(0);
    }
    expect(simulation.numPreemptions).toBeGreaterThan(clients.length);
    expect(simulation.numAgain).toBeLessThanOrEqual(9 * simulation.numFirst);
  });

  it('lets every sequence get on that is stopped for one short request after the other', () => {
    const simulation = new Simulation(2);
    const long = [simulation.add('busy', 20, 300), simulation.add('busy', 20, 300)];
    simulation.steps(3);
    let numShort = 0;
    for (let step = 0; simulation.here.size > 0; step++) {
      if (step % 4 === 0 && long.some(({ id }) => simulation.here.has(id))) {
        simulation.add('short', 8, 1);
        numShort++;
      }
      simulation.step();
      // Both seats at once would take 300 steps; one, and what is computed again, not more than three times as many.
      expect(step).toBeLessThan(900);
    }
    expect(simulation.started.filter(({ clientId }) => clientId === 'short')).toHaveLength(numShort);
    expect(long.every(({ numPreemptions }) => numPreemptions > 0)).toBe(true);
  });
});

describe('a long text beside clients of many short ones', () => {
  /** Each client has as many that wait at any time. */
  function runBeside(numSeats: number, numClients: number, numTokens: number): Sequence {
    const simulation = new Simulation(numSeats);
    const clients = Array.from({ length: numClients }, (_, i) => `short ${i}`);
    const refill = (): void => {
      for (const clientId of clients)
        while ([...simulation.here.values()].filter((one) => one.clientId === clientId).length < numSeats)
          simulation.add(clientId, 32, numTokens);
    };
    const long = simulation.add('long', 32, 600);
    while (simulation.here.has(long.id)) {
      refill();
      simulation.step();
    }
    return long;
  }

  it.each([
    [4, 8, 8],
    [32, 8, 32],
    [8, 12, 16],
  ])(
    'is not stopped while seats become free anyway: %i seats, %i clients',
    (numSeats, numClients, numTokens) => {
      expect(runBeside(numSeats, numClients, numTokens).numPreemptions).toBe(0);
    },
  );

  it('is stopped where a client would wait for longer than a slice', () => {
    expect(runBeside(2, 8, 50).numPreemptions).toBeGreaterThan(0);
  });
});

describe('a seat for work that is no sequence', () => {
  it('is taken from a client that has more than its share, once a client', () => {
    const simulation = new Simulation(4);
    const { queue } = simulation.scheduler;
    for (let i = 0; i < 10; i++) simulation.add('flood');
    simulation.step();
    const [first, second] = [queue.ask('late', 1), queue.ask('late', 1)];
    expect([queue.tryReserve(first), queue.tryReserve(second)]).toEqual([true, false]);
    expect(simulation.numSeatsOf('flood')).toBe(3);
    expect(queue.tryReserve(queue.ask('flood', 1))).toBe(false);
    // The seat is the client's: with it, it has one less than its share.
    simulation.add('late');
    simulation.add('late');
    simulation.step();
    expect([simulation.numSeatsOf('flood'), simulation.numSeatsOf('late')]).toEqual([2, 1]);
    queue.endReservation(first);
    queue.endReservation(first);
    expect(queue.numFreeSeats).toBe(1);
  });

  it('is kept for a group that asks while a client waits that has its share', () => {
    const simulation = new Simulation(4);
    const { queue } = simulation.scheduler;
    for (let i = 0; i < 10; i++) simulation.add('flood');
    simulation.step();
    const reservations = [1, 2, 3].map((member) => queue.ask(`late/${member}`, 1));
    const [first] = reservations;
    if (first === undefined || !queue.tryReserve(first)) throw new Error('no seat was reserved');
    queue.endReservation(first);
    simulation.step();
    expect(queue.numFreeSeats).toBe(1);
    for (const reservation of reservations) queue.endReservation(reservation);
    simulation.step();
    expect([queue.numFreeSeats, simulation.numSeatsOf('flood')]).toEqual([0, 4]);
    expect(simulation.numPreemptions).toBe(1);
  });
});

/** As `expect`, which would take most of the time of the million checks below. */
function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** Takes steps of a simulation and checks each. */
class CheckedSteps {
  readonly #simulation: Simulation;
  readonly #numSeats: number;
  /** Steps one after the other in which a group had no seat. */
  readonly #waits = new Map<string, number>();

  constructor(simulation: Simulation, numSeats: number) {
    this.#simulation = simulation;
    this.#numSeats = numSeats;
  }

  take(): void {
    const { scheduler, here } = this.#simulation;
    const groups = new Set([...here.values()].map(({ clientId }) => groupOf(clientId)));
    const { numFreeSeats, cache } = scheduler.queue;
    const mustAllHaveOne =
      numFreeSeats === 0 && groups.size <= this.#numSeats && cache.numPages === ENOUGH_PAGES;
    const step = this.#simulation.step();
    const withSeat = [
      ...(step?.sequences ?? []).map(({ sequence }) => sequence),
      ...scheduler.queue.running,
    ].map(({ clientId }) => groupOf(clientId));
    for (const group of groups) {
      const numWaits = withSeat.includes(group) ? 0 : (this.#waits.get(group) ?? 0) + 1;
      this.#waits.set(group, numWaits);
      // Where there are too many, four others have slices before it until they were given as much: a round for each
      // 64 of its 260 tokens, each slice with what is computed again for it, 7 tokens a step.
      const bound = mustAllHaveOne ? 0 : 4 * 4 * (SLICE + 260 / 7);
      check(numWaits <= bound, `${group} waits ${numWaits} steps`);
    }
    const held = [...here.values()].flatMap(({ seat }) => seat ?? []);
    check(new Set(held).size === held.length, `two sequences in one of the seats ${held.join()}`);
    check(held.length + scheduler.queue.numFreeSeats === this.#numSeats, 'a seat is lost');
    check(scheduler.numSeatsUsed + scheduler.numWaiting === here.size, 'a sequence is lost');
    const pages = [...here.values()].flatMap(({ holder }) => holder?.pages ?? []);
    check(new Set(pages).size === pages.length, 'two sequences in one page');
    check(pages.length + cache.numFree === cache.numPages, 'a page is lost');
  }
}

describe('a scheduler that preempts, whatever comes and goes', () => {
  const client = fc.constantFrom('a/1', 'a/2', 'a/3', 'b/1', 'b/2', 'c/1', 'd/1', 'e/1');
  const add = fc.record({
    type: fc.constant('add' as const),
    clientId: client,
    count: fc.integer({ min: 1, max: 4 }),
    promptLength: fc.integer({ min: 1, max: 60 }),
    maxTokens: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 60, max: 200 })),
  });
  const cancel = fc.record({ type: fc.constant('cancel' as const), which: fc.nat(20) });
  const steps = fc.record({ type: fc.constant('steps' as const), count: fc.integer({ min: 1, max: 90 }) });
  const action = fc.oneof(
    { weight: 3, arbitrary: add },
    { weight: 1, arbitrary: cancel },
    { weight: 2, arbitrary: steps },
  );
  const limits = fc.record({
    numSeats: fc.integer({ min: 1, max: 8 }),
    // The longest sequence has five pages.
    numPages: fc.oneof(fc.integer({ min: 5, max: 20 }), fc.constant(ENOUGH_PAGES)),
    maxNumBatchedTokens: fc.integer({ min: 8, max: 64 }),
  });

  it('gives each sequence a seat of its own and its end, starts each once, and keeps no group waiting', () => {
    let numPreemptions = 0;
    const actions = fc.array(action, { minLength: 5, maxLength: 30, size: 'max' });
    fc.assert(
      fc.property(limits, actions, ({ numSeats, maxNumBatchedTokens, numPages }, all) => {
        const simulation = new Simulation(numSeats, maxNumBatchedTokens, numPages);
        const checked = new CheckedSteps(simulation, numSeats);
        for (const next of all) {
          if (next.type === 'add') {
            const { clientId, promptLength, maxTokens } = next;
            for (let i = 0; i < next.count; i++) simulation.add(clientId, promptLength, maxTokens);
          } else if (next.type === 'cancel') {
            const sequence = [...simulation.here.values()][next.which];
            if (sequence !== undefined) simulation.remove(sequence);
          } else for (let i = 0; i < next.count; i++) checked.take();
        }
        const numLeft = [...simulation.here.values()]
          .map(({ numPromptTokens, maxTokens }) => numPromptTokens + maxTokens)
          .reduce((sum, count) => sum + count, 0);
        for (let i = 0; simulation.here.size > 0; i++) {
          checked.take();
          check(i <= 10 * numLeft, 'it does not come to an end');
        }
        expect(new Set(simulation.started).size).toBe(simulation.started.length);
        // The bound of SeatShares; a seat is no longer than the longest sequence.
        const numTaken = simulation.started.length + simulation.numPreemptions;
        expect(simulation.numAgain).toBeLessThanOrEqual(9 * simulation.numFirst + 260 * numTaken);
        numPreemptions += simulation.numPreemptions;
      }),
      { numRuns: 80 },
    );
    expect(numPreemptions).toBeGreaterThan(200);
  });
});
