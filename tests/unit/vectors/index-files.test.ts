import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { IndexFiles } from '../../../src/vectors/index-files.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

const NUM_VECTORS = 3000;
const DIMENSIONS = 2;

/** More than SQLite keeps in memory, so that a part of the change is on the disk before it is over. */
const metadataOf = (letter: string): string => JSON.stringify(letter.repeat(1500));

function putAll(files: IndexFiles, letter: string, beforeItsEnd = (): void => undefined): void {
  files.change(
    ({ put, remove }) => {
      for (let slot = 0; slot < NUM_VECTORS; slot++) {
        remove(slot);
        put({ slot, id: `id ${slot}`, namespace: undefined, metadata: metadataOf(letter) });
      }
      beforeItsEnd();
    },
    { mutation: letter, at: 'now' },
  );
}

/** What a process that is killed leaves is a copy of its files as they are. */
it('undoes the change at which a process was killed, and keeps the changes before it', () => {
  const folder = join(tempDirectory(), 'index');
  const left = join(tempDirectory(), 'index');
  mkdirSync(folder);
  IndexFiles.create(folder, DIMENSIONS);
  const files = new IndexFiles(folder, DIMENSIONS);
  putAll(files, 'x');
  putAll(files, 'y', () => cpSync(folder, left, { recursive: true }));
  files.close();
  for (const [path, letter] of [
    [left, 'x'],
    [folder, 'y'],
  ] as const) {
    const opened = new IndexFiles(path, DIMENSIONS);
    expect(opened.state().mutation).toBe(letter);
    const metadata = new Set([...opened.rows()].map((row) => row.metadata));
    expect([...metadata].map((text) => text?.slice(0, 2))).toEqual([`"${letter}`]);
    expect(opened.idsAfter(undefined, NUM_VECTORS + 1)).toHaveLength(NUM_VECTORS);
    opened.close();
  }
});
