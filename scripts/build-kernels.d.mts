/** Builds every entry that exists and is out of date. */
export function buildKernels(): Promise<void>;
/** The sources do not make a module that can share the heap of tfjs. */
export class KernelBuildError extends Error {}
/** The names of forbidden sections in a module; none in a good one. */
export function staticMemoryUses(bytes: Uint8Array): string[];
