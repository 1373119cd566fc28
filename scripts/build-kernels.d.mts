/** A module, and what it is compiled of and how. */
export interface KernelEntry {
  source: string;
  output: string;
  flags?: string[];
}
export const ENTRIES: KernelEntry[];
/** Puts every module that is stale into dist/kernels. */
export function buildKernels(): Promise<void>;
/** SHA-256 of an entry's sources and of how they are compiled. */
export function hashOfEntry(entry: KernelEntry): string;
/** The sources do not make a module that can share the heap of tfjs. */
export class KernelBuildError extends Error {}
/** The names of forbidden sections in a module; none in a good one. */
export function staticMemoryUses(bytes: Uint8Array): string[];
