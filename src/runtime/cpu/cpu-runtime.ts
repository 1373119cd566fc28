import { hostDevice } from '../host-device.ts';
import { ReferenceRuntime } from '../reference/reference-runtime.ts';
import type { Runtime } from '../runtime.ts';
import { startCpuBackend } from './start.ts';

/** The slow reference: stock operations in plain JavaScript, one thread. */
export async function createCpuRuntime(): Promise<Runtime> {
  await startCpuBackend();
  return new ReferenceRuntime('cpu', 'tfjs cpu, plain JavaScript, 1 thread', hostDevice());
}
