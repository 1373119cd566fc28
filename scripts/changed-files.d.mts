export interface Changed {
  readonly since: string;
  readonly reason?: string;
  readonly files?: readonly string[];
  readonly some?: readonly string[];
}
export function changedSince(since?: string, root?: string): Changed;
export function touches(files: readonly string[] | undefined, paths: readonly string[]): boolean;
export function selectRows<R extends { readonly sources: readonly string[]; readonly seconds: number }>(
  rows: readonly R[],
  changed: Pick<Changed, 'files' | 'some'>,
  maxSeconds?: number,
): { run: R[]; unchanged: R[]; late: R[] };
export function secondsLeft(variable: string): number | undefined;
