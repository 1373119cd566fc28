import type { TestProject } from 'vitest/node';
import { probeRuntime, type RuntimeProbe } from '../../src/runtime/probe-runtime.ts';
import { RUNTIME_NAMES, type RuntimeName } from '../../src/runtime/traits.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The runtimes that the suite runs on. */
    runtimes: RuntimeName[];
    /** Those of them that have the whole matrix: each property of a step, by each model. */
    matrix: RuntimeName[];
  }
}

/**
 * Before the first test: finds out which runtimes work here and says in one line which do not. `TEST_RUNTIMES`
 * (`cpu,wasm,webgpu`) names the ones to run on instead, and then each must work; `TEST_MATRIX` those that have the whole
 * matrix, by default all; `TEST_REAL_GPU=1` takes no GPU in software for one.
 */
export default async function setup(project: TestProject): Promise<void> {
  const asked = process.env.TEST_RUNTIMES?.split(',').map((name) => name.trim());
  const unknown = asked?.filter((name) => !RUNTIME_NAMES.some((known) => known === name)) ?? [];
  if (unknown.length > 0) throw new Error(`TEST_RUNTIMES names no runtime: ${unknown.join(', ')}`);
  const probes: RuntimeProbe[] = [];
  for (const name of RUNTIME_NAMES) {
    if (asked === undefined ? name !== 'tensorflow-gpu' : asked.includes(name)) {
      probes.push(withoutSoftware(await probeRuntime(name)));
    }
  }
  const missing = probes.flatMap((probe) => (probe.works ? [] : [`${probe.name} (${probe.reason})`]));
  if (asked !== undefined && missing.length > 0) {
    throw new Error(`TEST_RUNTIMES asks for what does not work here: ${missing.join('; ')}`);
  }
  if (missing.length > 0) console.log(`not tested here: ${missing.join('; ')}`);
  const runtimes = probes.flatMap((probe) => (probe.works ? [probe.name] : []));
  project.provide('runtimes', runtimes);
  project.provide(
    'matrix',
    runtimes.filter((name) => process.env.TEST_MATRIX?.split(',').includes(name) ?? true),
  );
}

function withoutSoftware(probe: RuntimeProbe): RuntimeProbe {
  if (!probe.works || probe.device.isSoftware !== true || process.env.TEST_REAL_GPU !== '1') return probe;
  return { name: probe.name, works: false, reason: `${probe.device.name} is a GPU in software` };
}
