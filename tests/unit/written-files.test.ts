import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { SETTINGS } from '../../src/config/settings.ts';
import { PACKAGE_ROOT } from '../../src/package-root.ts';
import { WRITTEN_FILES } from '../../src/written-files.ts';

/** Functions of node:fs that change a disk. `open` does by its flags. */
const WRITERS =
  /\b(appendFile|copyFile|cp|createWriteStream|ftruncate|link|lutimes|mkdir|mkdtemp|rename|symlink|truncate|utimes|write|writeFile|writev)(Sync)?\b/;
const IMPORT_OF_FS = /import \{([^}]*)\} from 'node:fs(?:\/promises)?'/g;
/** Without flags, or with those of a reader. */
const OPEN_TO_WRITE = /\bopen(?:Sync)?\((?![^,()]*\)|[^,]*, 'r'\)|[^,]*, OPEN_PLAIN\))/;
const OWN_WRITERS = /\bnew SqliteFile\(|\bopenDatabase\(|\btakeFileLock\(/;

/** They write what no setting places. */
const OTHERS = new Map([
  ['src/sqlite/database.ts', 'where its callers say'],
  ['src/sqlite/sqlite-file.ts', 'where its callers say'],
  ['src/process/text-sink.ts', 'its own standard output, which was opened before it started'],
  ['src/weights/write-safetensors.ts', 'where the studio or a test says'],
]);

test('the list of written files names each module that writes, and no other', () => {
  const root = fileURLToPath(PACKAGE_ROOT);
  const modules = ['src', 'routes'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.tsx?$/.test(path))
      .map((path) => `${folder}/${path.replaceAll('\\', '/')}`),
  );
  const writers = modules.filter((path) => writes(readFileSync(join(root, path), 'utf8')));
  const listed = new Set(WRITTEN_FILES.flatMap(({ writtenBy }) => writtenBy));
  expect(writers.toSorted()).toEqual([...listed, ...OTHERS.keys()].toSorted());
});

test('each entry has a name of its own, and a setting that there is', () => {
  const names = WRITTEN_FILES.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const settings = new Set([...Object.values(SETTINGS).map(({ env }) => env as string), 'XDG_DATA_HOME']);
  expect(WRITTEN_FILES.filter(({ setting }) => !settings.has(setting))).toEqual([]);
});

function writes(source: string): boolean {
  const imported = [...source.matchAll(IMPORT_OF_FS)].map(([, names]) => names ?? '').join(',');
  if (OWN_WRITERS.test(source) || WRITERS.test(imported)) return true;
  return /\bopen(Sync)?\b/.test(imported) && OPEN_TO_WRITE.test(source);
}
