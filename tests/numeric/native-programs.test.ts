import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stepValue, StepRecorder } from '../../src/runtime/step/step-recorder.ts';
import { joinProducts } from '../../src/runtime/kernels/join-products.ts';
import type { Handle } from '../../src/runtime/kernels/kernel-addon.ts';
import { loadAddon } from '../../src/runtime/native/native-addon.ts';
import { KernelKvCache } from '../../src/runtime/kernels/kernel-kv-cache.ts';
import type { KernelRuntime } from '../../src/runtime/kernels/kernel-runtime.ts';
import { createNativeRuntime } from '../../src/runtime/native/native-runtime.ts';
import { encodeStep, type StepProgram } from '../../src/runtime/kernels/step-program.ts';
import { bookHeads } from '../../src/runtime/ops.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';

/** A step of one small layer, with any of its words changed: the kernels refuse it or run it, and never leave their memory. */

const DIM = 32;
const NUM_TOKENS = 6;
const SHAPE = { numLayers: 1, numKvHeads: 2, headDim: 16, numPages: 4, maxStepPages: 4 };
/**
 * Tokens, positions, sequences, the row that is wanted, what of it, at what scale, where the pages of each of two sequences
 * end, and the pages of each; after five counts, the last that of tables of a sequence.
 */
const ROWS = Int32Array.of(3, 1, 4, 2, 2, 0, 1, 2, 0, 1, 2, 1, 1, 1, 2, 0, 0, 1, 3, 0, 3, 2, 1, 2, 0);

const anyWord = fc.oneof(
  fc.integer({ min: -3, max: 64 }),
  fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, 65_536, 2 ** 24, 2 ** 24 + 1),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
);
const changes = fc.array(fc.tuple(fc.nat(), anyWord), { minLength: 1, maxLength: 4 });

function changed(words: Int32Array, list: readonly (readonly [number, number])[]): Int32Array {
  const copy = words.slice();
  for (const [index, word] of list) copy[index % copy.length] = word;
  return copy;
}

describe.runIf(RUNTIME_NAMES_HERE.includes('native'))(
  'a step whose words are not those of a forward pass',
  () => {
    let runtime: KernelRuntime;
    let program: StepProgram;
    const whole = new Float32Array(4 * NUM_TOKENS);
    const tops = new Float32Array(8);
    const run = (handle: Handle, rows: Int32Array): void =>
      loadAddon().run(handle, rows, whole, tops, new Int32Array(8), 0);

    beforeAll(() => {
      runtime = createNativeRuntime({ numThreads: 2, weights: 'int8' });
      const parameter = (name: string, ...shape: number[]) =>
        runtime.createParameter(
          name,
          shape,
          Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i)),
        );
      const [table, qkv, head] = [
        parameter('table', NUM_TOKENS, DIM),
        parameter('qkv', 3 * DIM, DIM),
        parameter('head', NUM_TOKENS, DIM),
      ];
      const [gain, shift] = [parameter('gain', DIM), parameter('shift', DIM)];
      const cache = runtime.createKvCache(SHAPE);
      if (!(cache instanceof KernelKvCache)) throw new Error('the cache is native');
      const recorder = new StepRecorder({ step: 1, logit: 1 }, SHAPE);
      const x = recorder.embed(table, undefined);
      const attended = recorder.attention(
        recorder.linear(recorder.layerNorm(x, gain, shift, 1e-5), qkv, undefined),
        0,
        bookHeads(2, 16),
      );
      const result = stepValue(
        recorder.linear(recorder.selectRows(recorder.add(x, attended)), head, undefined),
      );
      program = encodeStep(joinProducts(recorder.operations, result), result, (layer) =>
        cache.placeOf(layer),
      );
    });
    afterAll(() => runtime.dispose());

    it('runs as it is', () => {
      const handle = loadAddon().addProgram(program.words, program.tensors);
      run(handle, ROWS);
      expect(whole.slice(0, NUM_TOKENS).every(Number.isFinite)).toBe(true);
      loadAddon().freeProgram(handle);
    });

    const refusal = /^[a-z' ]+|^the /;
    it('is refused, or computes something', () => {
      let numRefused = 0;
      fc.assert(
        fc.property(changes, changes, fc.boolean(), fc.boolean(), (ofWords, ofRows, mayWords, mayTensors) => {
          const words = mayWords ? changed(program.words, ofWords) : program.words;
          const tensors = mayTensors ? changed(program.tensors, ofWords) : program.tensors;
          let handle: Handle | undefined;
          try {
            handle = loadAddon().addProgram(words, tensors);
            run(handle, changed(ROWS, ofRows));
          } catch (error) {
            expect((error as Error).message).toMatch(refusal);
            numRefused++;
          }
          if (handle !== undefined) loadAddon().freeProgram(handle);
        }),
        { numRuns: 1000 },
      );
      expect(numRefused).toBeGreaterThan(300);
    });

    it('and what names memory that is gone is refused', () => {
      const vector = loadAddon().addVector(4);
      loadAddon().freeTensor(vector);
      expect(() => loadAddon().writeVector(vector, new Float32Array(4))).toThrow('there is no such tensor');
      expect(() => loadAddon().readTensor(vector)).toThrow('there is no such tensor');
      expect(() => loadAddon().copyPage(vector, 0, 1)).toThrow('there is no such tensor');
    });
  },
);
