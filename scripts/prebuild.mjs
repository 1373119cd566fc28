/**
 * Compiles kernels into prebuilds/: to wasm, and the native ones for every platform, by zig.
 * The bytes depend on nothing but the sources and the compilers' versions. `--only NAME` builds one, `--check NAME` says
 * whether the one in the repository is what the sources give; those of WebAssembly together are `wasm`.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { prebuildKernels, wrongPrebuilds } from './build-kernels.mjs';
import { buildNative, hashOfSources, PREBUILDS, PREBUILT_SOURCES, run } from './build-native.mjs';
import { useZig, ZIG } from './zig.mjs';

const HASHES = join(PREBUILDS, 'SHA256SUMS');

/** By their place under prebuilds/, as prebuildify lays them out. */
const TARGETS = {
  'linux-x64/tokenflare.glibc.node': { architecture: 'x64', zig: 'x86_64-linux-gnu.2.17' },
  'linux-x64/tokenflare.musl.node': { architecture: 'x64', zig: 'x86_64-linux-musl' },
  'linux-arm64/tokenflare.glibc.node': { architecture: 'arm64', zig: 'aarch64-linux-gnu.2.17' },
  'darwin-arm64/tokenflare.node': {
    architecture: 'arm64',
    zig: 'aarch64-macos',
    // Else the path of this machine would be its name.
    linkFlags: ['-Wl,-undefined,dynamic_lookup', '-Wl,-install_name,@rpath/tokenflare.node'],
  },
  'win32-x64/tokenflare.node': { architecture: 'x64', zig: 'x86_64-windows-gnu' },
};

/** Windows resolves names at link time: those of Node are in its import library. */
async function windowsImports(folder) {
  const definition = createRequire(import.meta.url)('node-api-headers').def_paths.node_api_def;
  const library = join(folder, 'node.lib');
  await run(ZIG, ['dlltool', '-m', 'i386:x86-64', '-D', 'node.exe', '-d', definition, '-l', library]);
  return [library];
}

async function build(name, output) {
  // Else Windows' linker writes the time of the build into the file.
  process.env.SOURCE_DATE_EPOCH = '0';
  const { architecture, zig, linkFlags = [] } = TARGETS[name];
  mkdirSync(dirname(output), { recursive: true });
  const target = ['-target', zig];
  const imports =
    architecture === 'x64' && zig.includes('windows') ? await windowsImports(dirname(output)) : [];
  await buildNative({
    compiler: [...ZIG, 'c++', ...target],
    architecture,
    compileFlags: zig.includes('windows') ? [] : ['-fPIC'],
    linkFlags: [...(zig.includes('macos') ? [] : ['-Wl,--gc-sections']), ...linkFlags, ...imports],
    fileFlags: {
      'kernels_neon.cc': '-mcpu=generic+dotprod',
      'kernels_i8mm.cc': '-mcpu=generic+dotprod+i8mm',
    },
    output,
  });
  for (const file of imports) rmSync(file);
  // The linker's own import library, which nothing is linked with.
  rmSync(join(dirname(output), 'addon.cc.lib'), { force: true });
}

const hashOf = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');

async function check(name) {
  const folder = mkdtempSync(join(tmpdir(), 'tokenflare-prebuild-'));
  try {
    const built = join(folder, 'tokenflare.node');
    await build(name, built);
    const isSame = hashOf(built) === hashOf(join(PREBUILDS, name));
    console.log(
      `${name}: ${isSame ? 'what the sources give' : 'not what the sources give; run `npm run prebuilds`'}`,
    );
    return isSame;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const WASM = 'wasm';

async function checkWasm() {
  const wrong = await wrongPrebuilds();
  const verdict =
    wrong.length === 0 ? 'what the sources give' : `${wrong.join(', ')} not what the sources give`;
  console.log(`${WASM}: ${verdict}${wrong.length === 0 ? '' : '; run `npm run prebuilds -- --only wasm`'}`);
  return wrong.length === 0;
}

async function buildAll(names) {
  for (const name of names) {
    const startedAt = Date.now();
    await build(name, join(PREBUILDS, name));
    console.log(
      `${name}: ${((Date.now() - startedAt) / 1000).toFixed(0)} s, ${readFileSync(join(PREBUILDS, name)).length} bytes`,
    );
  }
  const lines = Object.keys(TARGETS)
    .filter((name) => existsSync(join(PREBUILDS, name)))
    .map((name) => `${hashOf(join(PREBUILDS, name))}  ${name}\n`);
  writeFileSync(HASHES, lines.join(''));
  writeFileSync(PREBUILT_SOURCES, `${hashOfSources()}\n`);
}

const { values } = parseArgs({ options: { only: { type: 'string' }, check: { type: 'string' } } });
if ((values.check ?? values.only) !== WASM) useZig();
if (values.check !== undefined) {
  const isRight = values.check === WASM ? await checkWasm() : await check(values.check);
  if (!isRight) process.exitCode = 1;
} else {
  if (values.only === undefined || values.only === WASM) await prebuildKernels();
  if (values.only !== WASM) await buildAll(values.only === undefined ? Object.keys(TARGETS) : [values.only]);
}
