/**
 * Compiles the C++ kernels to WebAssembly by zig, with and without relaxed SIMD: files that all processors share, and those of
 * cpp/wasm. The bytes depend on nothing but the sources and zig's version.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMMON, ROOT, run, SOURCES } from './build-native.mjs';
import { useZig, ZIG, ZIG_VERSION } from './zig.mjs';

const OWN = join(SOURCES, 'wasm');

const FEATURES = 'simd128+bulk_memory+nontrapping_fptoint+sign_ext+atomics+mutable_globals';
const SHARED_FILES = [
  'multiply_bfloat.cc',
  'multiply_strided.cc',
  'pack.cc',
  'run_step.cc',
  'scratch.cc',
  'self_check.cc',
  'store.cc',
  'training.cc',
];
const OWN_FILES = ['door.cc', 'fractions.cc', 'kernels.cc', 'memory.cc', 'pool.cc'];
const BY_NAME = {
  inference: { features: FEATURES, files: OWN_FILES },
  'inference-relaxed': { features: `${FEATURES}+relaxed_simd`, files: [...OWN_FILES, 'kernels_bytes.cc'] },
};
export const MODULES = Object.keys(BY_NAME);

/** As wasm-addon.ts makes the memory: 4 GiB are 65,536 pages, of which the linker leaves the last one out. */
const INITIAL_BYTES = 64 * 2 ** 16;
const MAX_BYTES = (2 ** 16 - 1) * 2 ** 16;
/** Of the calling thread. */
const STACK_BYTES = 2 ** 18;
const EXPORTS = ['__stack_pointer', '__wasm_init_tls', '__tls_size'];
const LINK_FLAGS = [
  '-mexec-model=reactor',
  '-s',
  '-Wl,--import-memory',
  '-Wl,--shared-memory',
  `-Wl,--initial-memory=${INITIAL_BYTES}`,
  `-Wl,--max-memory=${MAX_BYTES}`,
  '-Wl,--gc-sections',
  `-Wl,-z,stack-size=${STACK_BYTES}`,
  ...EXPORTS.map((name) => `-Wl,--export=${name}`),
];

/** SHA-256 of the sources and of how they are compiled; each module is made of all of them. */
export function hashOfWasm() {
  const hash = createHash('sha256').update(ZIG_VERSION);
  for (const folder of [SOURCES, OWN]) {
    for (const name of readdirSync(folder).toSorted()) {
      if (/\.(cc|h)$/.test(name)) hash.update(`${name}\n`).update(readFileSync(join(folder, name)));
    }
  }
  return hash.update(readFileSync(fileURLToPath(import.meta.url))).digest('hex');
}

/** @param output path below the root */
export async function buildWasm(name, output) {
  useZig();
  const { features, files } = BY_NAME[name];
  const folder = join(ROOT, `${output}.objects`);
  mkdirSync(folder, { recursive: true });
  const compiler = [...ZIG, 'c++', '-target', 'wasm32-wasi', `-mcpu=generic+${features}`, '-pthread'];
  const sources = [...SHARED_FILES, ...files.map((file) => `wasm/${file}`)];
  const objects = sources.map((_, i) => join(folder, `${i}.o`));
  const include = ['-I.', '-Iwasm'];
  for (const [i, source] of sources.entries())
    await run(compiler, [...COMMON, ...include, '-c', source, '-o', objects[i]]);
  await run(compiler, ['-O2', ...LINK_FLAGS, '-o', join(ROOT, output), ...objects]);
  rmSync(folder, { recursive: true });
}
