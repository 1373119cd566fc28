import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BUILT_HERE, hasPrebuild, PREBUILT_SOURCES, SOURCES } from '../build-native.mjs';
import { linkTensorflow } from '../setup-tensorflow/link.mjs';
import { ENTRIES } from './entries.mjs';
import { modifiedAt, newestFile } from './files.mjs';
import { takeLock } from './lock.mjs';
import { installPackages } from './packages.mjs';

const [MAJOR, MINOR] = process.versions.node.split('.').map(Number);

const say = (text) => console.error(`tokenflare: ${text}`);

/** Does a part of the set-up, and says what it does and how long it took. A failure ends the process. */
async function step(title, work) {
  say(`${title} …`);
  const startedAt = Date.now();
  try {
    await work();
  } catch (error) {
    say(`${title} failed: ${error.message}; mend what is said above and try again`);
    process.exit(1);
  }
  say(`${title}: ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
}

/**
 * The kernels in C++: prebuilt where they fit this machine and the sources, else by its compiler. Without either, or with
 * NATIVE=off, there are none, and RUNTIME=auto takes another runtime and says why.
 */
function provideNativeKernels(root) {
  // What was found to fit, or nothing where nothing can: to find out takes 50 ms.
  const stamp = join(root, 'dist/.native');
  const changedAt = Math.max(newestFile(SOURCES), modifiedAt(PREBUILT_SOURCES));
  if (modifiedAt(stamp) > changedAt) {
    const found = readFileSync(stamp, 'utf8');
    if (found === '' || existsSync(found)) return;
  }
  if (modifiedAt(BUILT_HERE) <= changedAt) rmSync(BUILT_HERE, { force: true });
  let found = existsSync(BUILT_HERE) ? BUILT_HERE : undefined;
  if (process.env.NATIVE === 'off' && found === undefined) return;
  found ??= hasPrebuild() ? PREBUILT_SOURCES : compileNativeKernels(root);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, found);
}

/** @returns the path of the addon, or nothing where it cannot be compiled */
function compileNativeKernels(root) {
  say('compiling the native kernels, since none are prebuilt for this machine …');
  const { status } = spawnSync(process.execPath, ['scripts/build-native-here.mjs'], {
    cwd: root,
    stdio: ['ignore', 2, 'pipe'],
    encoding: 'utf8',
  });
  if (status === 0) return BUILT_HERE;
  say('they cannot be compiled here; the service takes another runtime. `npm run build:native` says why');
  return '';
}

/** Packages are there: what is built by them is imported from here on. */
async function build(root) {
  const stamp = join(root, 'dist/.built');
  const sources = ['src', 'routes', 'bench', 'studio', 'scripts', 'tsconfig.json', 'package-lock.json'];
  const newest = Math.max(...sources.map((source) => newestFile(join(root, source))));
  if (modifiedAt(stamp) > newest) return;
  rmSync(stamp, { force: true });
  const { buildKernels } = await import('../build-kernels.mjs');
  await buildKernels();
  const [{ compile, stopCompiler }, { buildPage }] = await Promise.all([
    import('./compile.mjs'),
    import('../build-page.mjs'),
  ]);
  // An image is made of a part of the sources.
  const entries = ENTRIES.filter((path) => existsSync(join(root, path)));
  await Promise.all([
    step('compiling', () => compile(root, entries)),
    step('bundling the page', () => buildPage()),
  ]);
  // Else its process would stay beside the service for as long as that runs.
  await stopCompiler();
  writeFileSync(stamp, '');
}

/** @param wantsAll whether the packages of tests and checks are wanted, too */
export async function setUp(root, { wantsAll }) {
  if (MAJOR < 20 || (MAJOR === 20 && MINOR < 12)) {
    say(`Node ${process.versions.node} is too old; it needs 20.12 or newer`);
    process.exit(1);
  }
  const release = await takeLock(join(root, 'dist/.set-up.lock'), say);
  await installPackages(root, wantsAll, step);
  provideNativeKernels(root);
  linkTensorflow(root);
  await build(root);
  release();
}
