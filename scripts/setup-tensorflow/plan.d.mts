export type Variant = 'cpu' | 'gpu' | 'stock' | 'stock-gpu';

/** What the machine has; a version is undefined where a tool does not run. */
export interface Found {
  platform: string;
  arch: string;
  glibc: string | undefined;
  node: string;
  python: string | undefined;
  pip: string | undefined;
  compiler: string | undefined;
  freeBytes: number;
}

export class SetupError extends Error {}
export const TFJS_VERSION: string;
export const TENSORFLOW_VERSION: string;
export const NAPI_VERSION: number;
export const USAGE: string;
export function parseArguments(args: readonly string[]): { variant: Variant } | { problem: string };
export function folderOf(variant: Variant): string;
export function isAtLeast(a: string, b: string): boolean;
export function problemsOf(found: Found, variant: Variant): string[];
export function pinnedWheels(text: string): string[];
export function downloadArguments(requirementsFile: string, folder: string): string[];
export function isNeededFile(name: string): boolean;
export function compileArguments(input: {
  sources: readonly string[];
  includes: readonly string[];
  libraries: readonly string[];
  output: string;
}): string[];
export function remedyOf(step: string): string;
