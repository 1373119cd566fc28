import { expect, it } from 'vitest';
import { stepWork } from '../../../../src/engine/worker/set-up-engine.ts';
import { gpt2ParameterShapes } from '../../../../src/model/gpt2-parameters.ts';
import { parseGpt2Config } from '../../../../src/model/gpt2-config.ts';
import { numElements } from '../../../../src/weights/safetensors-header.ts';
import { GPT2_SMALL } from '../../../../scripts/random-gpt2.ts';

it("counts GPT-2 small's multiply-adds as they are counted by hand", () => {
  const config = parseGpt2Config(GPT2_SMALL);
  const numParameters = gpt2ParameterShapes(config).reduce((sum, { shape }) => sum + numElements(shape), 0);
  const work = stepWork(config, numParameters);
  // q, k, v, the projection and the two layers of the MLP, 12 dim² a block; positions and vectors on top, a hundredth.
  const blocks = 12 * 12 * 768 ** 2;
  expect(work.perRow / blocks).toBeGreaterThan(1);
  expect(work.perRow / blocks).toBeLessThan(1.02);
  expect(work.perLogitRow).toBe(50_257 * 768);
  // Scores and their sum of values, 64 each in 12 heads of 12 layers.
  expect(work.perScore).toBe(2 * 12 * 12 * 64);
});
