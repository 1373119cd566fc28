/**
 * Compiles the native kernels of src/runtime/kernels/cpp. Plain JavaScript, so that it runs before anything is
 * compiled. Nothing is downloaded: the headers of Node-API come with npm's node-api-headers.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
export const SOURCES = join(ROOT, 'src/runtime/kernels/cpp');

/** Prebuilt addons, and of which sources they are. */
export const PREBUILDS = join(ROOT, 'prebuilds');
export const PREBUILT_SOURCES = join(PREBUILDS, 'SOURCES');
/** What was compiled on this machine, which goes before them. */
export const BUILT_HERE = join(ROOT, `dist/native/${process.platform}-${process.arch}.node`);

export const COMMON = [
  '-O2',
  '-std=c++17',
  '-fno-math-errno',
  // Which products and sums are one instruction is written out: bits are the same whatever the compiler.
  '-ffp-contract=off',
  '-fvisibility=hidden',
  '-fno-exceptions',
  '-fno-rtti',
  '-fno-unwind-tables',
  '-fno-asynchronous-unwind-tables',
  '-ffunction-sections',
  '-fdata-sections',
  '-Wall',
  '-Wextra',
];

/** What a file is compiled with beside: those of an instruction set, with its instructions alone. */
const OF_FILE = {
  'kernels_amx.cc':
    '-mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mamx-tile -mamx-int8 -mamx-bf16 -mavx2 -mfma -mf16c',
  'kernels_avx512vnni.cc': '-mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mavx2 -mfma -mf16c',
  'kernels_avx512.cc': '-mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx2 -mfma -mf16c',
  // For size: the loops that matter are unrolled by hand.
  'kernels_avxvnni.cc': '-Os -mavxvnni -mavx2 -mfma -mf16c',
  'kernels_bfloat.cc':
    '-mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512bf16 -mamx-tile -mamx-bf16 -mavx2 -mfma',
  'kernels_avx2.cc': '-Os -mavx2 -mfma -mf16c',
  'kernels_neon.cc': '-march=armv8.2-a+dotprod',
  'kernels_i8mm.cc': '-march=armv8.2-a+dotprod+i8mm',
};

const OF_ARCHITECTURE = {
  x64: [
    'kernels_amx.cc',
    'kernels_avx512vnni.cc',
    'kernels_avx512.cc',
    'kernels_avxvnni.cc',
    'kernels_avx2.cc',
    'kernels_bfloat.cc',
  ],
  arm64: ['kernels_i8mm.cc', 'kernels_neon.cc'],
};

/** SHA-256 of the kernels and of how they are compiled. */
export function hashOfSources() {
  const hash = createHash('sha256');
  const files = readdirSync(SOURCES)
    .filter((name) => name !== 'wasm')
    .toSorted();
  for (const file of files) hash.update(`${file}\n`).update(readFileSync(join(SOURCES, file)));
  return hash.update(readFileSync(fileURLToPath(import.meta.url))).digest('hex');
}

/** Path under prebuilds/ of the addon for this machine, as native-addon.ts looks for it. */
function prebuildHere() {
  const { platform, arch } = process;
  const isGlibc = process.report.getReport().header.glibcVersionRuntime !== undefined;
  const libc = platform !== 'linux' ? '' : isGlibc ? '.glibc' : '.musl';
  return `${platform}-${arch}/tokenflare${libc}.node`;
}

/** Whether there is a prebuilt addon for this machine, of the sources as they are. */
export function hasPrebuild() {
  if (!existsSync(join(PREBUILDS, prebuildHere())) || !existsSync(PREBUILT_SOURCES)) return false;
  return readFileSync(PREBUILT_SOURCES, 'utf8').trim() === hashOfSources();
}

/** The files of an architecture. */
function sourcesOf(architecture) {
  const own = OF_ARCHITECTURE[architecture] ?? [];
  return readdirSync(SOURCES)
    .filter((file) => file.endsWith('.cc'))
    .filter((file) => !file.startsWith('kernels_') || own.includes(file))
    .toSorted();
}

/**
 * @param compiler command and first arguments: `['c++']`
 * @param compileFlags, linkFlags what the target needs beside
 * @param fileFlags of files whose instruction set this compiler has another flag for
 * @param includes folder of node_api.h
 * @param output the addon
 * @throws Error with what the compiler said
 */
export async function buildNative({
  compiler,
  architecture,
  compileFlags = [],
  linkFlags = [],
  fileFlags = {},
  output,
}) {
  const includes = createRequire(import.meta.url)('node-api-headers').include_dir;
  const folder = `${output}.objects`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const files = sourcesOf(architecture);
  const objectOf = (file) => join(folder, `${file}.o`);
  const compile = (file) => {
    const ofFile = fileFlags[file] ?? OF_FILE[file];
    const flags = [...COMMON, ...(ofFile?.split(' ') ?? []), ...compileFlags, `-I${includes}`];
    return run(compiler, [...flags, '-c', file, '-o', objectOf(file)]);
  };
  const waiting = [...files];
  const workers = Array.from({ length: availableParallelism() }, async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) await compile(file);
  });
  await Promise.all(workers);
  const fresh = `${output}.new`;
  await run(compiler, ['-shared', '-s', '-o', fresh, ...files.map(objectOf), ...linkFlags]);
  renameSync(fresh, output);
  rmSync(folder, { recursive: true });
}

/** In the folder of the sources, so that no path of the machine is in the result. */
export function run([command, ...first], args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...first, ...args], { cwd: SOURCES, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}: ${said.slice(0, 4000)}`)),
    );
  });
}
