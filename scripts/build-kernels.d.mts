/** A module of dist/kernels. */
export interface KernelEntry {
  readonly name: string;
  /** SHA-256 of its sources and of how they are compiled. */
  hash(): string;
}
export const ENTRIES: readonly KernelEntry[];
/** Puts every module that is stale into dist/kernels. */
export function buildKernels(): Promise<void>;
/** The sources do not make a module that can share the heap of tfjs. */
export class KernelBuildError extends Error {}
/** The names of forbidden sections in a module; none in a good one. */
export function staticMemoryUses(bytes: Uint8Array): string[];
