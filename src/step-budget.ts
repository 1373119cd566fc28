import { invalidField } from './errors.ts';

/**
 * Steps that the reading of one request may take on the thread that answers. What walks a client's JSON counts its steps
 * here: how long a walk takes then depends on the budget, not on how the JSON refers to itself.
 */
export class StepBudget {
  readonly #maxSteps: number;
  #numSteps = 0;

  constructor(maxSteps: number) {
    this.#maxSteps = maxSteps;
  }

  /** Steps that were taken. */
  get numSteps(): number {
    return this.#numSteps;
  }

  /**
   * Counts steps before they are taken.
   * @param param the request's field that they read
   * @throws EngineError `invalid_request` naming the field, once there are more than the budget has
   */
  take(numSteps: number, param: string): void {
    this.#numSteps += numSteps;
    if (this.#numSteps <= this.#maxSteps) return;
    throw invalidField(
      param,
      `has too many properties, alternatives or references: reading it takes more than ${this.#maxSteps} steps; send a ` +
        'smaller schema, or one that refers to itself less often',
    );
  }
}
