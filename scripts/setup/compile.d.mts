/** Compiles modules of a checkout, and what they import. */
export function compile(
  root: string,
  entries: readonly string[],
  options?: { outdir?: string; sourcemap?: boolean },
): Promise<void>;
/** Ends the process that compiles. */
export function stopCompiler(): Promise<void>;
