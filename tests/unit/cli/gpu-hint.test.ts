import { expect, it } from 'vitest';
import { gpuHint } from '../../../src/cli/gpu-hint.ts';

it.each([
  ['auto', { hasGpu: true, hasDawn: false }, /^GPU: .*npx tokenflare setup webgpu.*\n$/],
  ['auto', { hasGpu: true, hasDawn: true }, /^$/],
  ['auto', { hasGpu: false, hasDawn: false }, /^$/],
  ['native', { hasGpu: true, hasDawn: false }, /^$/],
])('tells of a GPU that RUNTIME=%s could not look at: %o', (runtime, surroundings, told) => {
  expect(gpuHint(runtime, surroundings)).toMatch(told);
});
