import type { EagerContext } from './eager-context.ts';
import type { TensorInfo } from './tensorflow-binding.ts';

/** Shapes, axes and scalars that operations take as tensors: each is made once a step. */
export class StepOperands {
  readonly #context: EagerContext;
  readonly #made = new Map<string, TensorInfo>();

  constructor(context: EagerContext) {
    this.#context = context;
  }

  /** A shape or a list of indices: [values]. */
  vector(values: readonly number[]): TensorInfo {
    return this.#once(values.join(), () => this.#context.upload([values.length], Int32Array.from(values)));
  }

  integer(value: number): TensorInfo {
    return this.#once(`int ${value}`, () => this.#context.upload([], Int32Array.of(value)));
  }

  float(value: number): TensorInfo {
    return this.#once(`float ${value}`, () => this.#context.upload([], Float32Array.of(value)));
  }

  #once(key: string, make: () => TensorInfo): TensorInfo {
    let tensor = this.#made.get(key);
    if (tensor === undefined) this.#made.set(key, (tensor = make()));
    return tensor;
  }
}
