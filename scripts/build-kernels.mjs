/**
 * Puts the AssemblyScript kernels into dist/kernels/*.wasm: those of prebuilds/wasm where they are of the sources as they
 * are, else compiled, which takes AssemblyScript and twenty seconds. Plain JavaScript, so that it runs before anything is
 * compiled.
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateTiles } from './generate-tiles.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Compiled kernels, and of which sources they are. */
const PREBUILDS = join(ROOT, 'prebuilds/wasm');
const PREBUILT_SOURCES = join(PREBUILDS, 'SOURCES');
/** Of which sources those in dist/kernels are. */
const BUILT_SOURCES = join(ROOT, 'dist/.kernels');

/** The pool is part of every module; an entry's sources are its own folder and the pool's. */
const POOL_FOLDER = 'src/runtime/wasm/assembly';

/** Not in version control: it is a thousand lines that generate-tiles.mjs says in a hundred. */
const GENERATED_TILES = join(ROOT, POOL_FOLDER, 'tiles.generated.ts');

const KERNELS = join(ROOT, 'dist/kernels');
export const ENTRIES = [
  { source: 'src/runtime/wasm/assembly/kernels.ts', output: 'dist/kernels/inference.wasm' },
  {
    source: 'src/runtime/wasm/assembly/kernels-relaxed.ts',
    output: 'dist/kernels/inference-relaxed.wasm',
    flags: ['--enable', 'relaxed-simd'],
  },
  { source: 'studio/training/assembly/training.ts', output: 'dist/kernels/training.wasm' },
];

// Memory is imported and shared: 65536 pages are the 4 GiB that the heap of tfjs may grow to.
const FLAGS = (
  '-O3 --runtime stub --noAssert --importMemory --sharedMemory --initialMemory 16 --maximumMemory 65536 ' +
  '--enable simd --enable threads'
).split(' ');

/** Sections that would claim address space of the shared heap or need set-up in each thread. */
const FORBIDDEN_SECTIONS = new Map([
  [4, 'table'],
  [6, 'global'],
  [9, 'element'],
  [11, 'data'],
  [12, 'data count'],
]);

/** The sources do not make a module that can share the heap of tfjs. */
export class KernelBuildError extends Error {}

/** The ids of a wasm binary's sections, in order (WebAssembly Core Specification, 5.5.2). */
function sectionIds(bytes) {
  const ids = [];
  let position = 8; // magic and version
  while (position < bytes.length) {
    ids.push(bytes[position++]);
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[position++];
      size += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    position += size;
  }
  return ids;
}

/** The names of forbidden sections in a module; none in a good one. */
export function staticMemoryUses(bytes) {
  return sectionIds(bytes).flatMap((id) => FORBIDDEN_SECTIONS.get(id) ?? []);
}

/** The compiler's version, which the bytes depend on. */
function compilerVersions() {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  return ['assemblyscript', 'binaryen'].map((name) => packages[`node_modules/${name}`].version);
}

/** SHA-256 of an entry's sources and of how they are compiled. */
export function hashOfEntry({ source, flags = [] }) {
  const hash = createHash('sha256').update([...FLAGS, ...flags, ...compilerVersions()].join('\n'));
  for (const folder of new Set([POOL_FOLDER, dirname(source)])) {
    const files = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith('.ts'));
    for (const name of files.filter((name) => join(ROOT, folder, name) !== GENERATED_TILES).toSorted())
      hash.update(`${folder}/${name}\n`).update(readFileSync(join(ROOT, folder, name)));
  }
  return hash.update(generateTiles()).digest('hex');
}

/** Hashes by the names of modules, a line for each. */
function readHashes(path) {
  if (!existsSync(path)) return new Map();
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return new Map(lines.map((line) => line.split('  ').toReversed()));
}

function writeHashes(path) {
  const lines = ENTRIES.map((entry) => `${hashOfEntry(entry)}  ${basename(entry.output)}\n`);
  writeFileSync(path, lines.join(''));
}

/** Which entries have no module of their sources in a folder. */
function staleIn(folder, sources) {
  const hashes = readHashes(sources);
  return ENTRIES.filter((entry) => {
    const name = basename(entry.output);
    return hashes.get(name) !== hashOfEntry(entry) || !existsSync(join(folder, name));
  });
}

/** Left alone when it says what it should. */
function writeTiles() {
  const text = generateTiles();
  if (existsSync(GENERATED_TILES) && readFileSync(GENERATED_TILES, 'utf8') === text) return;
  writeFileSync(GENERATED_TILES, text);
}

async function compileEntry({ source, output, flags = [] }) {
  const { default: asc } = await import('assemblyscript/asc');
  const outputPath = join(ROOT, output);
  writeTiles();
  mkdirSync(dirname(outputPath), { recursive: true });
  const { error, stderr } = await asc.main([
    source,
    '--baseDir',
    ROOT,
    '--outFile',
    output,
    ...FLAGS,
    ...flags,
  ]);
  if (error) throw new KernelBuildError(`${source} does not compile:\n${stderr.toString()}`);
  const uses = staticMemoryUses(readFileSync(outputPath));
  if (uses.length > 0) {
    rmSync(outputPath);
    throw new KernelBuildError(
      `${source} needs a ${uses.join(' and a ')} section, but the memory belongs to tfjs: ` +
        'use no strings, array literals, function references, new or mutable globals',
    );
  }
}

/** Whether kernels have to be compiled: sources were changed after the prebuilt ones were made of them. */
export function mustCompileKernels() {
  const stale = new Set(staleIn(KERNELS, BUILT_SOURCES));
  return staleIn(PREBUILDS, PREBUILT_SOURCES).some((entry) => stale.has(entry));
}

/** Puts every module that is stale into dist/kernels. */
export async function buildKernels() {
  const stale = staleIn(KERNELS, BUILT_SOURCES);
  if (stale.length === 0) return;
  const toCompile = new Set(staleIn(PREBUILDS, PREBUILT_SOURCES));
  mkdirSync(KERNELS, { recursive: true });
  rmSync(BUILT_SOURCES, { force: true });
  for (const entry of stale) {
    if (toCompile.has(entry)) await compileEntry(entry);
    else copyFileSync(join(PREBUILDS, basename(entry.output)), join(ROOT, entry.output));
  }
  writeHashes(BUILT_SOURCES);
}

/** Compiles every module into prebuilds/wasm. */
export async function prebuildKernels() {
  mkdirSync(PREBUILDS, { recursive: true });
  for (const entry of ENTRIES)
    await compileEntry({ ...entry, output: `prebuilds/wasm/${basename(entry.output)}` });
  writeHashes(PREBUILT_SOURCES);
}

/** The modules of prebuilds/wasm that are not what the sources give, byte for byte. */
export async function wrongPrebuilds() {
  const wrong = [];
  for (const entry of ENTRIES) {
    const name = basename(entry.output);
    const output = `dist/kernels-check/${name}`;
    await compileEntry({ ...entry, output });
    if (!readFileSync(join(ROOT, output)).equals(readFileSync(join(PREBUILDS, name)))) wrong.push(name);
  }
  rmSync(join(ROOT, 'dist/kernels-check'), { recursive: true });
  return wrong;
}
