import { cpus, totalmem } from 'node:os';
import type { RuntimeDevice } from './runtime.ts';

/** The processor that this thread runs on, as a runtime's device. */
export function hostDevice(): RuntimeDevice {
  const model = cpus()[0]?.model.trim() ?? '';
  return { name: model === '' ? process.arch : model, memoryBytes: totalmem() };
}
