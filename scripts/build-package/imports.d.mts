export function packageOf(specifier: string): string | undefined;
export function readImports(
  root: string,
  specifiers: readonly string[],
  isInner?: (name: string) => boolean,
): Promise<{ files: string[]; specifiers: string[] }>;
