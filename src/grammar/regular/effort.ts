import { invalidField } from '../../errors.ts';

/** States of one automaton, over code points or over bytes. */
export const MAX_AUTOMATON_STATES = 20_000;

/** States of all automata of one grammar. */
export const MAX_TOTAL_STATES = 60_000;

/** Units of work that one grammar may take to compile. A unit is one visit of a transition: about 0.1 µs. */
export const MAX_WORK = 1_500_000;

interface Spent {
  work: number;
  states: number;
}

/**
 * Counts what compiling one grammar takes, so that a request which asks for too much is refused at the same place on
 * every machine. `param` is the field whose part is being compiled; refusals are said of it.
 */
export class Effort {
  readonly param: string;
  readonly #spent: Spent;

  constructor(param: string, spent: Spent = { work: 0, states: 0 }) {
    this.param = param;
    this.#spent = spent;
  }

  /** For another part of the request, which adds to the work that this one has spent. */
  at(param: string): Effort {
    return new Effort(param, this.#spent);
  }

  get work(): number {
    return this.#spent.work;
  }

  /** @throws EngineError `invalid_request` beyond MAX_WORK. */
  spend(units: number): void {
    this.#spent.work += units;
    if (this.#spent.work > MAX_WORK)
      throw invalidField(
        this.param,
        `is too complex: it takes more than ${MAX_WORK} units of work to compile`,
      );
  }

  /** @throws EngineError `invalid_request` if an automaton has that many states. */
  checkStates(numStates: number): void {
    if (numStates > MAX_AUTOMATON_STATES)
      throw invalidField(
        this.param,
        `is too complex: its automaton has more than ${MAX_AUTOMATON_STATES} states`,
      );
  }

  /** Counts the states of an automaton that the grammar keeps. @throws EngineError `invalid_request` */
  keepStates(numStates: number): void {
    this.#spent.states += numStates;
    if (this.#spent.states > MAX_TOTAL_STATES)
      throw invalidField(
        this.param,
        `is too complex: the automata of its grammar have more than ${MAX_TOTAL_STATES} states`,
      );
  }
}
