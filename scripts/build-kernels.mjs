/**
 * Puts the WebAssembly kernels into dist/kernels: those of prebuilds/wasm where they are of the sources as they are, else
 * compiled by zig, which takes a minute. Plain JavaScript, so that it runs before anything is compiled.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './build-native.mjs';
import { buildWasm, hashOfWasm, MODULES } from './build-wasm.mjs';

/** Compiled kernels, and of which sources they are. */
const PREBUILDS = join(ROOT, 'prebuilds/wasm');
const PREBUILT_SOURCES = join(PREBUILDS, 'SOURCES');
const KERNELS = join(ROOT, 'dist/kernels');
/** Of which sources those in dist/kernels are. */
const BUILT_SOURCES = join(ROOT, 'dist/.kernels');

/** Whether a folder has all modules, of the sources as they are. */
function isFresh(folder, sources) {
  if (!existsSync(sources) || readFileSync(sources, 'utf8').trim() !== hashOfWasm()) return false;
  return MODULES.every((name) => existsSync(join(folder, `${name}.wasm`)));
}

/** Puts the modules into dist/kernels unless they are there. */
export async function buildKernels() {
  if (isFresh(KERNELS, BUILT_SOURCES)) return;
  const arePrebuilt = isFresh(PREBUILDS, PREBUILT_SOURCES);
  rmSync(BUILT_SOURCES, { force: true });
  rmSync(KERNELS, { recursive: true, force: true });
  mkdirSync(KERNELS, { recursive: true });
  for (const name of MODULES) {
    if (arePrebuilt) copyFileSync(join(PREBUILDS, `${name}.wasm`), join(KERNELS, `${name}.wasm`));
    else await buildWasm(name, `dist/kernels/${name}.wasm`);
  }
  writeFileSync(BUILT_SOURCES, `${hashOfWasm()}\n`);
}

/** Compiles every module into prebuilds/wasm. */
export async function prebuildKernels() {
  mkdirSync(PREBUILDS, { recursive: true });
  for (const name of MODULES) await buildWasm(name, `prebuilds/wasm/${name}.wasm`);
  writeFileSync(PREBUILT_SOURCES, `${hashOfWasm()}\n`);
}

/** The modules of prebuilds/wasm that are not what the sources give, byte for byte. */
export async function wrongPrebuilds() {
  const wrong = [];
  mkdirSync(join(ROOT, 'dist/kernels-check'), { recursive: true });
  for (const name of MODULES) {
    const output = `dist/kernels-check/${name}.wasm`;
    await buildWasm(name, output);
    if (!readFileSync(join(ROOT, output)).equals(readFileSync(join(PREBUILDS, `${name}.wasm`))))
      wrong.push(name);
  }
  rmSync(join(ROOT, 'dist/kernels-check'), { recursive: true });
  return wrong;
}
