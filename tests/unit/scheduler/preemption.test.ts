import { describe, expect, it } from 'vitest';
import { numGeneratedTokens, type Sequence } from '../../../src/scheduler/sequence.ts';
import { Simulation, SLICE } from '../../support/scheduler-simulation.ts';

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
