/**
 * Compiles the native kernels of src/runtime/native/kernels to dist/native/tokenflare.node. Plain JavaScript, so that it
 * runs before anything is compiled. Needs a C++ compiler, and nothing that is downloaded: the headers of Node-API come
 * with npm's node-api-headers.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const SOURCES = join(ROOT, 'src/runtime/native/kernels');

const COMMON =
  '-O3 -std=c++17 -fPIC -fno-math-errno -fvisibility=hidden -fno-exceptions -fno-rtti -Wall -Wextra -Wno-psabi'.split(' ');

/** What a file is compiled with beside: those of an instruction set, with its instructions alone. */
const OF_FILE = {
  'kernels_avx512vnni.cc': '-mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mavx2 -mfma -mf16c',
  'kernels_avxvnni.cc': '-mavxvnni -mavx2 -mfma -mf16c',
  'kernels_avx2.cc': '-mavx2 -mfma -mf16c',
};

const OF_ARCHITECTURE = {
  x64: ['kernels_avx512vnni.cc', 'kernels_avxvnni.cc', 'kernels_avx2.cc'],
  arm64: ['kernels_neon.cc'],
};

/** The files of an architecture. */
export function sourcesOf(architecture) {
  const own = OF_ARCHITECTURE[architecture] ?? [];
  return readdirSync(SOURCES)
    .filter((file) => file.endsWith('.cc'))
    .filter((file) => !file.startsWith('kernels_') || own.includes(file));
}

/** @throws Error with what the compiler said */
export async function buildNative({ compiler, architecture = process.arch, target = [], output }) {
  const includes = createRequire(import.meta.url)('node-api-headers').include_dir;
  const folder = join(dirname(output), 'objects');
  mkdirSync(folder, { recursive: true });
  const objects = [];
  const compile = async (file) => {
    const object = join(folder, `${file}.o`);
    objects.push(object);
    const flags = [...COMMON, ...(OF_FILE[file]?.split(' ') ?? []), ...target, `-I${includes}`];
    await run(compiler, [...flags, '-c', join(SOURCES, file), '-o', object]);
  };
  const waiting = sourcesOf(architecture);
  const workers = Array.from({ length: availableParallelism() }, async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) await compile(file);
  });
  await Promise.all(workers);
  const fresh = `${output}.new`;
  await run(compiler, ['-shared', '-s', ...target, '-o', fresh, ...objects.toSorted(), '-lpthread']);
  renameSync(fresh, output);
}

function run([command, ...first], args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...first, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}: ${said.slice(0, 4000)}`)),
    );
  });
}

/** Whether the addon is as new as its sources. */
function isFresh(output) {
  if (!existsSync(output)) return false;
  const built = statSync(output).mtimeMs;
  return readdirSync(SOURCES).every((file) => statSync(join(SOURCES, file)).mtimeMs <= built);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const output = join(ROOT, 'dist/native/tokenflare.node');
  if (!isFresh(output)) await buildNative({ compiler: [process.env.CXX ?? 'c++'], output });
}
