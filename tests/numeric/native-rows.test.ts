import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Runtime } from '../../src/runtime/runtime.ts';
import type { WeighedRow } from '../../src/runtime/step-batch.ts';
import { expectTop, expectWeighed, runTop, SPREAD_LOGITS, TOP_CASES } from '../support/run-top.ts';
import { RUNTIMES } from '../support/runtimes.ts';

// The runtimes whose kernels are of C++; this file's name has the sanitizers run it.
const OF_KERNELS = RUNTIMES.filter(({ name }) => name === 'native' || name === 'wasm');

describe.each(OF_KERNELS)('rows of a result on $label', (variant) => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await variant.create();
  });
  afterAll(() => runtime.dispose());

  it.each(TOP_CASES)('have their top and their weight: $name', async ({ logits }) => {
    for (const temperature of [0.05, 0.7, 1, 2]) {
      const [row] = await runTop(runtime, [logits], [], [temperature]);
      expectWeighed(row, logits, temperature);
    }
    const [top] = await runTop(runtime, [logits], [true]);
    expectTop(top, logits);
  });

  it('come in their order, whole, as tops or weighed', async () => {
    const rows = Array.from({ length: 7 }, (_, i) => SPREAD_LOGITS.map((logit) => Math.fround(logit + i)));
    const tops = [false, true, false, false, true, false, false];
    const temperatures = [0, 1, 0.5, 0, 0, 2, 1];
    const result = await runTop(runtime, rows, tops, temperatures);
    for (const [i, logits] of rows.entries()) {
      const temperature = temperatures[i] ?? 0;
      if (tops[i] === true) expectTop(result[i], logits);
      else if (temperature > 0) expectWeighed(result[i], logits, temperature);
      else expect(result[i]).toEqual(Float32Array.from(logits));
    }
    // Without a top alone nothing is copied.
    const weighed = await runTop(runtime, rows, [], temperatures);
    for (const [i, logits] of rows.entries()) {
      if ((temperatures[i] ?? 0) > 0) expectWeighed(weighed[i], logits, temperatures[i] ?? 0);
      else expect(weighed[i]).toEqual(Float32Array.from(logits));
    }
  });

  it('have a vocabulary of fewer tokens than a top', async () => {
    const logits = [0.5, -1, 2, 2, -3];
    const [row] = await runTop(runtime, [logits], [], [1]);
    expectWeighed(row, logits, 1);
  });

  it.each([
    ['a number that is none', NaN],
    ['infinity', Infinity],
  ])('with %s have no weight', async (_, number) => {
    const logits = SPREAD_LOGITS.map((logit, id) => (id === 4321 ? number : logit));
    const [row] = await runTop(runtime, [logits], [], [1]);
    expect((row as WeighedRow).totalWeight).toBeNaN();
  });
});
