import TinyQueue from 'tinyqueue';

/** A file of a page in the folder. */
export interface StoredPage {
  readonly name: string;
  /** For whom it is counted. */
  readonly ownerTag: string;
  readonly numBytes: number;
  readonly usedAtMs: number;
}

interface Owner {
  readonly files: StoredPage[];
  numBytes: number;
}

/**
 * Which files go, so that the others have no more than `maxBytes`: of the owner that has most, the least recently used.
 * So a client that fills the folder loses its own pages, and one that has less than an equal share loses none.
 */
export function filesToDrop(files: Iterable<StoredPage>, maxBytes: number): StoredPage[] {
  const owners = new Map<string, Owner>();
  let total = 0;
  for (const file of files) {
    const owner = owners.get(file.ownerTag) ?? { files: [], numBytes: 0 };
    owners.set(file.ownerTag, owner);
    owner.files.push(file);
    owner.numBytes += file.numBytes;
    total += file.numBytes;
  }
  if (total <= maxBytes) return [];
  // The last of a list goes first.
  for (const owner of owners.values()) owner.files.sort((a, b) => b.usedAtMs - a.usedAtMs);
  const queue = new TinyQueue([...owners.values()], (a, b) => b.numBytes - a.numBytes);
  const dropped: StoredPage[] = [];
  while (total > maxBytes) {
    const owner = queue.pop();
    const file = owner?.files.pop();
    if (owner === undefined || file === undefined) break;
    dropped.push(file);
    owner.numBytes -= file.numBytes;
    total -= file.numBytes;
    if (owner.files.length > 0) queue.push(owner);
  }
  return dropped;
}
