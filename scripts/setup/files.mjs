import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** When a file was changed; 0 if there is none. */
export const modifiedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** When the newest file of a folder, or a file, was changed; 0 if there is none. */
export function newestFile(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return 0;
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newestFile(join(path, name))));
}
