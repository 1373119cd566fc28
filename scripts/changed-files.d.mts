export function changedSince(
  since?: string,
  root?: string,
): { since: string; reason?: string; files?: string[] };
export function touches(files: readonly string[] | undefined, paths: readonly string[]): boolean;
export function selectRows<R extends { readonly sources: readonly string[]; readonly seconds: number }>(
  rows: readonly R[],
  files: readonly string[] | undefined,
  maxSeconds?: number,
): { run: R[]; unchanged: R[]; late: R[] };
export function secondsLeft(variable: string): number | undefined;
