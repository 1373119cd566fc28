/**
 * Puts the WebAssembly kernels into dist/kernels: those of prebuilds/wasm where they are of the sources as they are, else
 * compiled, which takes zig or AssemblyScript and half a minute. Plain JavaScript, so that it runs before anything is compiled.
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
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildWasm, hashOfWasm, MODULES } from './build-wasm.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Compiled kernels, and of which sources they are. */
const PREBUILDS = join(ROOT, 'prebuilds/wasm');
const PREBUILT_SOURCES = join(PREBUILDS, 'SOURCES');
const KERNELS = join(ROOT, 'dist/kernels');
/** Of which sources those in dist/kernels are. */
const BUILT_SOURCES = join(ROOT, 'dist/.kernels');

/** The trainer's, in AssemblyScript. */
const TRAINING = 'studio/training/assembly';

/** Modules by their files' names: of which sources each is, and how it is compiled into a file. */
export const ENTRIES = [
  ...MODULES.map((name) => ({
    name: `${name}.wasm`,
    hash: hashOfWasm,
    compile: (output) => buildWasm(name, output),
  })),
  { name: 'training.wasm', hash: hashOfTraining, compile: compileTraining },
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

/** SHA-256 of the trainer's sources and of how they are compiled. */
function hashOfTraining() {
  const hash = createHash('sha256').update([...FLAGS, ...compilerVersions()].join('\n'));
  const files = readdirSync(join(ROOT, TRAINING)).filter((name) => name.endsWith('.ts'));
  for (const name of files.toSorted())
    hash.update(`${TRAINING}/${name}\n`).update(readFileSync(join(ROOT, TRAINING, name)));
  return hash.digest('hex');
}

/** Hashes by the names of modules, a line for each. */
function readHashes(path) {
  if (!existsSync(path)) return new Map();
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return new Map(lines.map((line) => line.split('  ').toReversed()));
}

function writeHashes(path) {
  writeFileSync(path, ENTRIES.map(({ name, hash }) => `${hash()}  ${name}\n`).join(''));
}

/** Which entries have no module of their sources in a folder. */
function staleIn(folder, sources) {
  const hashes = readHashes(sources);
  return ENTRIES.filter(({ name, hash }) => hashes.get(name) !== hash() || !existsSync(join(folder, name)));
}

async function compileTraining(output) {
  const { default: asc } = await import('assemblyscript/asc');
  const source = `${TRAINING}/training.ts`;
  const { error, stderr } = await asc.main([source, '--baseDir', ROOT, '--outFile', output, ...FLAGS]);
  if (error) throw new KernelBuildError(`${source} does not compile:\n${stderr.toString()}`);
  const uses = staticMemoryUses(readFileSync(join(ROOT, output)));
  if (uses.length > 0) {
    rmSync(join(ROOT, output));
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
    if (toCompile.has(entry)) await entry.compile(`dist/kernels/${entry.name}`);
    else copyFileSync(join(PREBUILDS, entry.name), join(KERNELS, entry.name));
  }
  writeHashes(BUILT_SOURCES);
}

/** Compiles every module into prebuilds/wasm. */
export async function prebuildKernels() {
  mkdirSync(PREBUILDS, { recursive: true });
  for (const { name, compile } of ENTRIES) await compile(`prebuilds/wasm/${name}`);
  writeHashes(PREBUILT_SOURCES);
}

/** The modules of prebuilds/wasm that are not what the sources give, byte for byte. */
export async function wrongPrebuilds() {
  const wrong = [];
  mkdirSync(join(ROOT, 'dist/kernels-check'), { recursive: true });
  for (const { name, compile } of ENTRIES) {
    const output = `dist/kernels-check/${name}`;
    await compile(output);
    if (!readFileSync(join(ROOT, output)).equals(readFileSync(join(PREBUILDS, name)))) wrong.push(name);
  }
  rmSync(join(ROOT, 'dist/kernels-check'), { recursive: true });
  return wrong;
}
