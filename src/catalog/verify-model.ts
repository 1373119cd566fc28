import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256OfFile } from './file-hash.ts';
import { MANIFEST_NAME } from './manifest.ts';
import type { StoreEntry } from './model-store.ts';

/** One way in which a model is not what was pulled. */
export interface Difference {
  readonly path: string;
  readonly problem: string;
}

export interface Verification {
  readonly id: string;
  /** False when there is no manifest to compare with: the model was put there by hand. */
  readonly isPulled: boolean;
  readonly differences: readonly Difference[];
}

/** Hashes the files of a model again and compares them with what its manifest says was pulled. */
export async function verifyModel(
  { id, location, manifest, problem }: StoreEntry,
  onBytes: (count: number) => void,
): Promise<Verification> {
  if (manifest === undefined) {
    const differences = problem === undefined ? [] : [{ path: location, problem }];
    return { id, isPulled: false, differences };
  }
  const differences: Difference[] = [];
  for (const { path, sha256 } of manifest.files) {
    try {
      const found = await sha256OfFile(join(location, path), onBytes);
      if (found !== sha256) differences.push({ path, problem: `its SHA-256 is ${found}, and was ${sha256}` });
    } catch (error) {
      differences.push({ path, problem: `it cannot be read: ${String(error)}` });
    }
  }
  const known = new Set([MANIFEST_NAME, ...manifest.files.map(({ path }) => path)]);
  for (const name of await readdir(location))
    if (!known.has(name)) differences.push({ path: name, problem: 'it was not pulled' });
  if (problem !== undefined && differences.length === 0) differences.push({ path: location, problem });
  return { id, isPulled: true, differences };
}
