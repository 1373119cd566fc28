import * as tf from '@tensorflow/tfjs-core';
import { createGpt2Parameters, gpt2ParameterShapes } from '../../src/model/gpt2-parameters.ts';
import { Gpt2 } from '../../src/model/gpt2.ts';
import type { Gpt2Config } from '../../src/model/gpt2-config.ts';
import { assertInvariant, EngineError } from '../../src/errors.ts';
import { addInductionCircuit } from './induction-circuit.ts';
import { hashCounters, normals } from './random.ts';
import type { Initial } from './train-options.ts';

/** Standard deviation of fresh weights (GPT-2). */
const INITIAL_DEVIATION = 0.02;
/** The weights that write into the residual stream. */
const RESIDUAL_PROJECTION = /\.c_proj\.weight$/;

/** The weights of a GPT-2 as tf variables, by their Hugging Face names; a matrix is [out, in]. */
export class TrainableParameters {
  readonly variables: ReadonlyMap<string, tf.Variable>;
  readonly model: Gpt2;

  private constructor(config: Gpt2Config, variables: Map<string, tf.Variable>) {
    this.variables = variables;
    this.model = new Gpt2(
      config,
      createGpt2Parameters(config, (name) => {
        const variable = variables.get(name);
        assertInvariant(variable !== undefined, `parameter ${name} exists`);
        return variable;
      }),
    );
  }

  /**
   * GPT-2's initialisation: normal with deviation 0.02, divided by sqrt(2 * layers) where a product writes into the
   * residual stream; biases and shifts 0, gains 1. `copying` changes it: see induction-circuit.ts.
   */
  static initialise(config: Gpt2Config, seed: number, initial: Initial = 'gpt2'): TrainableParameters {
    const residualScale = 1 / Math.sqrt(2 * config.numLayers);
    const weights = new Map<string, Float32Array>();
    gpt2ParameterShapes(config).forEach(({ name, shape }, index) => {
      const length = shape.reduce((product, size) => product * size, 1);
      const deviation = INITIAL_DEVIATION * (RESIDUAL_PROJECTION.test(name) ? residualScale : 1);
      const values =
        shape.length === 1
          ? new Float32Array(length).fill(name.endsWith('.weight') ? 1 : 0)
          : normals(length, hashCounters(seed, index)).map((value) => value * deviation);
      weights.set(name, values);
    });
    if (initial === 'copying') addInductionCircuit(weights, config, hashCounters(seed, weights.size));
    return TrainableParameters.from(config, (name) => {
      const values = weights.get(name);
      assertInvariant(values !== undefined, `there are fresh weights for ${name}`);
      return values;
    });
  }

  /** Parameters with the values that `valuesOf` gives, row-major. */
  static from(
    config: Gpt2Config,
    valuesOf: (name: string, shape: readonly number[]) => Float32Array,
  ): TrainableParameters {
    const variables = new Map<string, tf.Variable>();
    for (const { name, shape } of gpt2ParameterShapes(config)) {
      if (shape.some((size) => size % 8 !== 0)) {
        throw new EngineError(
          'config_invalid',
          `the training kernels need sizes that are multiples of 8; ${name} is [${shape.join(', ')}]`,
        );
      }
      const initial = tf.tensor(valuesOf(name, shape), [...shape], 'float32');
      variables.set(name, tf.variable(initial, true, name));
      initial.dispose();
    }
    return new TrainableParameters(config, variables);
  }

  get numParameters(): number {
    return [...this.variables.values()].reduce((sum, variable) => sum + variable.size, 0);
  }

  dispose(): void {
    for (const variable of this.variables.values()) variable.dispose();
  }
}
