/**
 * Brings a checkout into a state that runs: dependencies by npm, the kernels, the compiled TypeScript. Does only what
 * is missing or stale, so that it costs milliseconds when nothing is. Plain JavaScript without dependencies, since it
 * runs before there are any.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUILT_HERE, hasPrebuild, SOURCES } from './build-native.mjs';
import { linkTensorflow } from './setup-tensorflow/link.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const [MAJOR, MINOR] = process.versions.node.split('.').map(Number);

const modifiedAt = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

function newestFile(path) {
  if (!existsSync(path)) return 0;
  if (!statSync(path).isDirectory()) return modifiedAt(path);
  return Math.max(0, ...readdirSync(path).map((name) => newestFile(join(path, name))));
}

function run(title, command, args) {
  console.error(`tokenflare: ${title} …`);
  const startedAt = Date.now();
  const { status } = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    console.error(`tokenflare: '${command} ${args.join(' ')}' failed; mend what it says above and try again`);
    process.exit(1);
  }
  console.error(`tokenflare: ${title}: ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
}

function installDependencies() {
  const installed = modifiedAt(join(ROOT, 'node_modules/.package-lock.json'));
  if (installed > 0 && installed >= modifiedAt(join(ROOT, 'package-lock.json'))) return;
  run('installing dependencies', 'npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts']);
}

/**
 * The kernels in C++: prebuilt where they fit this machine and the sources, else by its compiler. Without either, or with
 * NATIVE=off, there are none, and RUNTIME=auto takes another runtime and says why.
 */
function provideNativeKernels() {
  const changedAt = newestFile(SOURCES);
  if (modifiedAt(BUILT_HERE) > changedAt) return;
  rmSync(BUILT_HERE, { force: true });
  if (process.env.NATIVE === 'off' || hasPrebuild()) return;
  const triedAt = join(ROOT, 'dist/.native-tried');
  if (modifiedAt(triedAt) > changedAt) return;
  mkdirSync(dirname(triedAt), { recursive: true });
  console.error('tokenflare: compiling the native kernels, since none are prebuilt for this machine …');
  const { status } = spawnSync(process.execPath, ['scripts/build-native-here.mjs'], {
    cwd: ROOT,
    stdio: ['ignore', 2, 'pipe'],
    encoding: 'utf8',
  });
  if (status === 0) return;
  writeFileSync(triedAt, '');
  console.error(
    'tokenflare: they cannot be compiled here; the service takes another runtime. `npm run build:native` says why',
  );
}

function build() {
  const stamp = join(ROOT, 'dist/.built');
  const sources = ['src', 'routes', 'bench', 'scripts', 'tsconfig.json', 'package-lock.json'];
  const newest = Math.max(...sources.map((source) => newestFile(join(ROOT, source))));
  if (modifiedAt(stamp) > newest) return;
  rmSync(stamp, { force: true });
  run('building the kernels', process.execPath, ['scripts/build-kernels.mjs']);
  run('bundling the page', process.execPath, ['scripts/build-page.mjs']);
  run('compiling', process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']);
  writeFileSync(stamp, '');
}

if (MAJOR < 20 || (MAJOR === 20 && MINOR < 12)) {
  console.error(`tokenflare: Node ${process.versions.node} is too old; it needs 20.12 or newer`);
  process.exit(1);
}
installDependencies();
provideNativeKernels();
linkTensorflow(ROOT);
build();
