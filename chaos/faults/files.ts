import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WRITTEN_FILES, type WrittenFile } from '../../src/written-files.ts';
import type { Settings } from '../support/service.ts';

/** How a file can come back from a disk that lost something, or from an editor. */
export interface Damage {
  readonly name: string;
  apply(path: string): void;
}

const rewrite = (edit: (bytes: Buffer) => Uint8Array) => (path: string) => {
  writeFileSync(path, edit(readFileSync(path)));
};

/** @param share 0 for the first byte, 1 for the last */
const flipByte = (share: number) =>
  rewrite((bytes) => {
    const at = Math.floor((bytes.length - 1) * share);
    if (bytes.length > 0) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    return bytes;
  });

export const DAMAGES: readonly Damage[] = [
  { name: 'another first byte', apply: flipByte(0) },
  { name: 'another byte in the middle', apply: flipByte(0.5) },
  { name: 'half of its bytes', apply: rewrite((bytes) => bytes.subarray(0, bytes.length >> 1)) },
  { name: 'no bytes', apply: rewrite(() => Buffer.alloc(0)) },
  { name: 'zeros', apply: rewrite((bytes) => Buffer.alloc(bytes.length)) },
  {
    name: 'no file',
    apply: (path) => {
      rmSync(path);
    },
  },
];

/** Files that commands write, or an installation: each with the test that damages it. */
export const SHOWN_ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['files of a model of the hub', 'tests/e2e/bad-models.test.ts'],
  ['manifest of a model of the hub', 'tests/unit/catalog/model-store.test.ts'],
  ['part of a download', 'tests/unit/catalog/pull-faults.test.ts'],
  ['lock of a pull', 'tests/unit/catalog/pull-faults.test.ts'],
  ['damaged file of SQLite', 'tests/unit/sqlite/sqlite-file.test.ts'],
  ['Dawn, for WebGPU', 'tests/unit/runtime/webgpu/dawn.test.ts'],
]);

/** Files that a service writes while it serves. */
export const SERVED_FILES: readonly WrittenFile[] = WRITTEN_FILES.filter(
  ({ name }) => !SHOWN_ELSEWHERE.has(name),
);

/** Where each setting of `WRITTEN_FILES` points in the folder of a case. */
const PLACES: Settings = {
  GATEWAY_LOGS: 'gateway-logs.sqlite',
  BENCHMARK_RESULTS: 'benchmarks.sqlite',
  PREFIX_CACHE_DIR: 'prefixes',
  VECTORIZE_DIR: 'vectors',
  KEYS_FILE: 'keys.json',
  XDG_DATA_HOME: 'data',
};

/** Settings by which all that is written lies in `folder`. */
export const settingsIn = (folder: string): Settings =>
  Object.fromEntries(Object.entries(PLACES).map(([name, place]) => [name, join(folder, place)]));

/** The files of an element of `WRITTEN_FILES` that are there now. */
export function filesOf({ setting, path, kind }: WrittenFile, folder: string): string[] {
  const place = PLACES[setting];
  if (place === undefined) throw new Error(`${setting} has no place in chaos/faults/files.ts`);
  const inFolder = path === '' || path.startsWith('.') ? `${place}${path}` : `${place}/${path}`;
  const pattern = new RegExp(`^${inFolder.replaceAll('.', '\\.').replaceAll('*', '[^/]+')}$`);
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => pattern.test(name))
    .map((name) => join(folder, name))
    .filter((name) => kind === 'lock' || statSync(name).isFile());
}
