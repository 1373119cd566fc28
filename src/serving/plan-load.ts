/** A model that takes memory, as the plan sees it. */
export interface ResidentModel {
  readonly id: string;
  readonly bytes: number;
  /** When it was last of use, on any clock. */
  readonly lastUsedAt: number;
  /** Somebody waits for it or is answered by it. */
  readonly isBusy: boolean;
  /** It stays whatever happens. */
  readonly isPinned: boolean;
}

export type LoadPlan =
  /** Load it once these are unloaded. */
  | { kind: 'load'; unload: readonly string[] }
  /** It fits when some of those that are busy now are idle. */
  | { kind: 'wait' }
  /** It does not fit beside those that stay. */
  | { kind: 'refuse' };

/**
 * Whether a model fits into memory, and who leaves for it: of those nobody uses the least recently used, and no more of
 * them than must. Nobody leaves unless that makes the room.
 */
export function planLoad(
  neededBytes: number,
  limitBytes: number,
  residents: readonly ResidentModel[],
): LoadPlan {
  const bytesOf = (models: readonly ResidentModel[]): number =>
    models.reduce((sum, { bytes }) => sum + bytes, 0);
  if (neededBytes + bytesOf(residents.filter(({ isPinned }) => isPinned)) > limitBytes) {
    return { kind: 'refuse' };
  }
  let missingBytes = neededBytes + bytesOf(residents) - limitBytes;
  const unload: string[] = [];
  const leastRecentFirst = residents
    .filter(({ isPinned, isBusy }) => !isPinned && !isBusy)
    .toSorted((a, b) => a.lastUsedAt - b.lastUsedAt);
  for (const { id, bytes } of leastRecentFirst) {
    if (missingBytes <= 0) break;
    unload.push(id);
    missingBytes -= bytes;
  }
  return missingBytes <= 0 ? { kind: 'load', unload } : { kind: 'wait' };
}
