import { describe, expect, it } from 'vitest';
import { YIELD_MS, nextMove, type PoolMove, type PoolSituation } from '../../../src/serving/next-move.ts';
import type { ResidentModel } from '../../../src/serving/plan-load.ts';

const NOW = 1000;

const resident = (id: string, bytes: number, more: Partial<ResidentModel> = {}): ResidentModel => ({
  id,
  bytes,
  lastUsedAt: 0,
  isBusy: false,
  isPinned: false,
  staysUntil: 0,
  ...more,
});

const situation = (more: Partial<PoolSituation>): PoolSituation => ({
  now: NOW,
  limitBytes: 100,
  waiting: [],
  residents: [],
  round: undefined,
  numFreeLoads: 2,
  ...more,
});

const busy = { isBusy: true };

/** What comes after a round has begun. */
function moveInTurn(more: Partial<PoolSituation>): PoolMove {
  const move = nextMove(situation(more));
  return move.kind === 'round' ? nextMove(situation({ ...more, round: move.round })) : move;
}

describe('nextMove', () => {
  it('loads in the order in which models were asked for, and waits for a free load', () => {
    const waiting = ['a', 'b'].map((id) => ({ id, neededBytes: 30 }));
    expect(nextMove(situation({ waiting }))).toEqual({ kind: 'load', id: 'a', unload: [] });
    expect(nextMove(situation({ waiting, numFreeLoads: 0 }))).toEqual({
      kind: 'wait',
      until: undefined,
      lacking: [],
    });
  });

  it('loads what fits before what waits for memory', () => {
    const waiting = [
      { id: 'large', neededBytes: 90 },
      { id: 'small', neededBytes: 20 },
    ];
    const residents = [resident('staying', 50, { staysUntil: NOW + 500 })];
    expect(moveInTurn({ waiting, residents })).toEqual({ kind: 'load', id: 'small', unload: [] });
  });

  it('refuses what never fits, whoever is before it', () => {
    const waiting = [
      { id: 'waits', neededBytes: 60 },
      { id: 'huge', neededBytes: 101 },
    ];
    const residents = [resident('busy', 50, { ...busy, staysUntil: NOW + 500 })];
    expect(moveInTurn({ waiting, residents })).toEqual({ kind: 'refuse', id: 'huge' });
  });

  it('gives its round to the first that lacks memory, and lets those yield that are in its way', () => {
    const waiting = [{ id: 'a', neededBytes: 60 }];
    const residents = [resident('b', 50, busy), resident('c', 30, { ...busy, staysUntil: NOW + 70 })];
    const round = { id: 'a', yielding: ['b'], endsAt: NOW + 70 + YIELD_MS };
    expect(nextMove(situation({ waiting, residents }))).toEqual({ kind: 'round', round });
    expect(nextMove(situation({ waiting, residents, round }))).toEqual({
      kind: 'wait',
      until: NOW + 70,
      lacking: ['a'],
    });
    const idle = residents.map((one) => ({ ...one, isBusy: one.id === 'c' }));
    expect(nextMove(situation({ waiting, residents: idle, round }))).toEqual({
      kind: 'load',
      id: 'a',
      unload: ['b'],
    });
  });

  it('lets models leave for the one whose round it is alone', () => {
    const waiting = ['other', 'a'].map((id) => ({ id, neededBytes: 60 }));
    const residents = [resident('b', 30), resident('c', 50, busy)];
    const round = { id: 'a', yielding: ['b', 'c'], endsAt: NOW + 5 };
    expect(nextMove(situation({ waiting, residents, round }))).toEqual({
      kind: 'wait',
      until: NOW + 5,
      lacking: ['other', 'a'],
    });
  });

  it('lets others yield when what is in the way has changed', () => {
    const waiting = [{ id: 'a', neededBytes: 60 }];
    const round = { id: 'a', yielding: ['b'], endsAt: NOW + 5 };
    const more = [resident('b', 30, busy), resident('c', 50, busy)];
    expect(nextMove(situation({ waiting, residents: more, round }))).toEqual({
      kind: 'round',
      round: { ...round, yielding: ['b', 'c'] },
    });
    const fresh = [resident('b', 30, busy), resident('c', 50, { staysUntil: NOW + 500 })];
    expect(nextMove(situation({ waiting, residents: fresh, round }))).toEqual({
      kind: 'round',
      round: { ...round, yielding: [] },
    });
  });

  it('ends a round that lasts too long, or whose model nobody waits for', () => {
    const waiting = [{ id: 'a', neededBytes: 60 }];
    const residents = [resident('b', 50, busy)];
    const round = { id: 'a', yielding: ['b'], endsAt: NOW };
    expect(nextMove(situation({ waiting, residents, round }))).toEqual({ kind: 'endRound', isInVain: true });
    expect(nextMove(situation({ residents, round: { ...round, endsAt: NOW + 5 } }))).toEqual({
      kind: 'endRound',
      isInVain: false,
    });
  });
});

/** A pool in model time: clients that ask again as soon as they are answered, loads that take their time. */
class Simulation {
  now = 0;
  numLoads = 0;
  readonly served = new Map<string, number>();
  #queue: string[] = [];
  #round: PoolSituation['round'];
  readonly #loaded = new Map<string, { since: number; readyAt: number; lastUsedAt: number }>();
  readonly #busyUntil = new Map<string, number>();
  readonly #stayMs: number;
  readonly #limitBytes: number;
  readonly #bytes: Readonly<Record<string, number>>;

  constructor(options: { stayMs: number; limitBytes: number; bytes: Readonly<Record<string, number>> }) {
    this.#stayMs = options.stayMs;
    this.#limitBytes = options.limitBytes;
    this.#bytes = options.bytes;
  }

  /** Every model is asked for by a client of its own, all the time. */
  run(durationMs: number, { requestMs, loadMs }: { requestMs: number; loadMs: number }): void {
    for (; this.now < durationMs; this.now += 10) {
      for (const id of Object.keys(this.#bytes)) this.#ask(id, requestMs);
      this.#move(loadMs);
    }
  }

  #ask(id: string, requestMs: number): void {
    if ((this.#busyUntil.get(id) ?? 0) > this.now) return;
    const loaded = this.#loaded.get(id);
    const isOpen =
      loaded !== undefined && loaded.readyAt <= this.now && this.#round?.yielding.includes(id) !== true;
    if (isOpen) {
      this.served.set(id, (this.served.get(id) ?? 0) + 1);
      this.#busyUntil.set(id, this.now + requestMs);
      loaded.lastUsedAt = this.now + requestMs;
      this.#queue = this.#queue.filter((other) => other !== id);
    } else if ((loaded?.readyAt ?? 0) <= this.now && !this.#queue.includes(id)) this.#queue.push(id);
  }

  #move(loadMs: number): void {
    for (let numMoves = 0; ; numMoves++) {
      expect(numMoves).toBeLessThan(20);
      const residents = [...this.#loaded].map(([id, { since, readyAt, lastUsedAt }]) => {
        const isBusy = (this.#busyUntil.get(id) ?? 0) > this.now;
        const end = since + this.#stayMs;
        const staysUntil = isBusy ? end : Math.min(end, lastUsedAt + this.#stayMs / 5);
        const isLoading = readyAt > this.now;
        return resident(id, this.#bytes[id] ?? 0, {
          isBusy,
          lastUsedAt,
          staysUntil: isLoading ? Infinity : staysUntil,
        });
      });
      const waiting = this.#queue
        .filter((id) => !this.#loaded.has(id))
        .map((id) => ({ id, neededBytes: this.#bytes[id] ?? 0 }));
      const move = nextMove({
        now: this.now,
        limitBytes: this.#limitBytes,
        waiting,
        residents,
        round: this.#round,
        numFreeLoads: 2,
      });
      if (move.kind === 'wait') return;
      this.#make(move, loadMs);
    }
  }

  #make(move: Exclude<PoolMove, { kind: 'wait' }>, loadMs: number): void {
    switch (move.kind) {
      case 'refuse':
        throw new Error(`${move.id} is refused`);
      case 'round':
        this.#round = move.round;
        break;
      case 'endRound': {
        const { id = '', yielding = [] } = this.#round ?? {};
        this.#round = undefined;
        if (!move.isInVain) break;
        this.#queue = [...this.#queue.filter((other) => other !== id), id];
        for (const other of yielding) Object.assign(this.#loaded.get(other) ?? {}, { since: this.now });
        break;
      }
      case 'load': {
        for (const id of move.unload) this.#loaded.delete(id);
        this.#queue = this.#queue.filter((other) => other !== move.id);
        const readyAt = this.now + loadMs;
        this.#loaded.set(move.id, { since: readyAt, readyAt, lastUsedAt: readyAt });
        this.numLoads++;
      }
    }
  }
}

describe('clients whose models do not fit together', () => {
  it('have equal turns, and the models few loads', () => {
    const pool = new Simulation({ stayMs: 10_000, limitBytes: 100, bytes: { a: 60, b: 60 } });
    pool.run(120_000, { requestMs: 30, loadMs: 1000 });
    // A round is a load of 1 s and a stay of 10 s.
    expect(pool.numLoads).toBeLessThanOrEqual(12);
    const [a = 0, b = 0] = ['a', 'b'].map((id) => pool.served.get(id));
    expect(Math.min(a, b) / Math.max(a, b)).toBeGreaterThan(0.8);
    expect(a + b).toBeGreaterThan((120_000 / 30) * 0.8);
  });

  it('have turns each, the large model too', () => {
    const bytes = { large: 90, a: 40, b: 40, c: 40 };
    const pool = new Simulation({ stayMs: 1000, limitBytes: 100, bytes });
    pool.run(120_000, { requestMs: 50, loadMs: 100 });
    for (const id of Object.keys(bytes)) expect(pool.served.get(id), id).toBeGreaterThan(200);
  });

  it('have turns although requests of one take longer than a round', () => {
    const pool = new Simulation({ stayMs: 1000, limitBytes: 100, bytes: { a: 60, b: 60 } });
    pool.run(300_000, { requestMs: YIELD_MS / 2, loadMs: 100 });
    expect(Math.min(...['a', 'b'].map((id) => pool.served.get(id) ?? 0))).toBeGreaterThan(10);
  });
});
