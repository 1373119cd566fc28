export function changedSince(
  since?: string,
  root?: string,
): { since: string; reason?: string; files?: string[] };
export function touches(files: readonly string[] | undefined, paths: readonly string[]): boolean;
