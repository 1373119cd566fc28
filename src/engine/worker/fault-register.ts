import type { WorkKind } from '../protocol.ts';
import { isDeviceFailure } from '../step-fault.ts';

/**
 * Which faults the engine goes on after. A device that fails, or a second step of a kind that fails with no step that
 * worked between, is thrown on: then it is not the work that is at fault, and the process ends.
 */
export class FaultRegister {
  /** Kinds of work whose latest step failed. */
  readonly #faulted = new Set<WorkKind>();

  /** A step worked. */
  pass(): void {
    this.#faulted.clear();
  }

  /** Throws what cannot be put down to the work of the step. */
  admit(kind: WorkKind, error: unknown): void {
    if (isDeviceFailure(error) || this.#faulted.has(kind)) throw error;
    this.#faulted.add(kind);
  }
}
