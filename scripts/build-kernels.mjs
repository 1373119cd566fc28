/**
 * Compiles the AssemblyScript kernels to dist/kernels/*.wasm. Plain JavaScript, so that it runs before anything is
 * compiled. An entry whose output is newer than its sources is left alone.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import asc from 'assemblyscript/asc';
import { generateTiles } from './generate-tiles.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');

/** The pool is part of every module; an entry's sources are its own folder and the pool's. */
const POOL_FOLDER = 'src/runtime/wasm/assembly';

/** Not in version control: it is a thousand lines that generate-tiles.mjs says in a hundred. */
const GENERATED_TILES = join(ROOT, POOL_FOLDER, 'tiles.generated.ts');

const ENTRIES = [
  { source: 'src/runtime/wasm/assembly/kernels.ts', output: 'dist/kernels/inference.wasm' },
  {
    source: 'src/runtime/wasm/assembly/kernels-relaxed.ts',
    output: 'dist/kernels/inference-relaxed.wasm',
    flags: ['--enable', 'relaxed-simd'],
  },
  { source: 'src/training/assembly/training.ts', output: 'dist/kernels/training.wasm' },
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

function newestSource(folders) {
  const files = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder)).map((name) => join(ROOT, folder, name)),
  );
  const sources = [...files.filter((file) => file.endsWith('.ts')), fileURLToPath(import.meta.url)];
  return Math.max(...sources.map((file) => statSync(file).mtimeMs));
}

async function buildEntry({ source, output, flags = [] }) {
  const outputPath = join(ROOT, output);
  const newest = newestSource([...new Set([POOL_FOLDER, dirname(source)])]);
  if (existsSync(outputPath) && statSync(outputPath).mtimeMs > newest) return;

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

/** Left alone when it says what it should, so that nothing is compiled for a new date. */
function writeTiles() {
  const text = generateTiles();
  if (existsSync(GENERATED_TILES) && readFileSync(GENERATED_TILES, 'utf8') === text) return;
  writeFileSync(GENERATED_TILES, text);
}

/** Builds every entry that exists and is out of date. */
export async function buildKernels() {
  writeTiles();
  for (const entry of ENTRIES) {
    if (existsSync(join(ROOT, entry.source))) await buildEntry(entry);
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  await buildKernels();
