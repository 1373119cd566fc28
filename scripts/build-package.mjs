/**
 * Makes the npm package: `npm run package` puts into dist/package what is published, and packs it into dist. It compiles
 * anew, so that nothing is in it whose source is gone. `--for-image`: of what is compiled, without types and archive.
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reachedDeclarations } from './build-package/declarations.mjs';
import { PUBLISHED } from './setup/entries.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');
const PACKAGE = join(DIST, 'package');
const DECLARATIONS = join(DIST, 'declarations');
const TYPED = PUBLISHED.filter((path) => /^src\/library\/(?!miniflare\/preload)/.test(path));
/** `from 'zod'` and `from 'zod/v4'`. */
const PACKAGE_IMPORT = /from ['"]((?:@[^'"/]+\/)?[^'"./][^'"/]*)/g;
/** Those of package.json that a user's npm reads. */
const FIELDS = [
  ...['name', 'version', 'description', 'license', 'type', 'exports', 'bin', 'engines'],
  ...['peerDependencies', 'peerDependenciesMeta'],
];
/** By `createRequire`, in src/bench/run-store.ts. */
const REQUIRED = ['node-sqlite3-wasm'];

const isForImage = process.argv.includes('--for-image');

function run(command, ...args) {
  const { status } = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(1);
}

function remove(...paths) {
  for (const path of paths) rmSync(join(DIST, path), { recursive: true, force: true });
}

/** The declarations that those of src/library need, and no others. */
function copyTypes() {
  run(process.execPath, 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json');
  for (const path of reachedDeclarations(DECLARATIONS, TYPED)) {
    const target = join(PACKAGE, 'dist/types', path);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(DECLARATIONS, path), target);
  }
  remove('declarations');
}

function copyFiles() {
  const copy = (name) => cpSync(join(ROOT, name), join(PACKAGE, name), { recursive: true });
  for (const part of ['kernels', 'page']) copy(`dist/${part}`);
  for (const name of ['model-weights', 'openapi.yaml', 'LICENSE']) copy(name);
  // The context of an image has none of these.
  for (const name of ['README.md', 'CHANGELOG.md']) if (existsSync(join(ROOT, name))) copy(name);
  const machines = readdirSync(join(ROOT, 'prebuilds')).filter((name) => /^(linux|darwin|win32)-/.test(name));
  for (const machine of machines) copy(`prebuilds/${machine}`);
}

/** The packages that the types import, which must have types themselves. */
function typeImports() {
  const texts = readdirSync(join(PACKAGE, 'dist/types'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.d.ts'))
    .map((path) => readFileSync(join(PACKAGE, 'dist/types', path), 'utf8'));
  return new Set(texts.flatMap((text) => [...text.matchAll(PACKAGE_IMPORT)].map(([, name]) => name)));
}

/** What the code imports comes with it or is installed beside it; anything else is a defect of package.json. */
async function provideDependencies(manifest) {
  const { readImports } = await import('./build-package/imports.mjs');
  const { slimPackages } = await import('./build-package/slim-packages.mjs');
  const code = readdirSync(PACKAGE, { recursive: true, encoding: 'utf8' })
    .filter((path) => /^dist[/\\](src|chunks)[/\\].*\.js$/.test(path))
    .map((path) => `./dist/package/${path.replaceAll('\\', '/')}`);
  const { specifiers } = await readImports(ROOT, code);
  const typed = isForImage ? new Set() : typeImports();
  const declared = [...typed].filter((name) => manifest.dependencies[name] !== undefined);
  const { versions, others } = await slimPackages(
    ROOT,
    PACKAGE,
    [...specifiers, ...REQUIRED, ...declared],
    typed,
  );
  const installed = others
    .filter((name) => manifest.peerDependencies[name] === undefined)
    .map((name) => [name, manifest.dependencies[name]]);
  const missing = installed.filter(([, range]) => range === undefined).map(([name]) => name);
  if (missing.length > 0) {
    console.error(`the package imports ${missing.join(', ')}: put it into the dependencies of package.json`);
    process.exit(1);
  }
  return {
    dependencies: { ...Object.fromEntries(installed), ...versions },
    bundleDependencies: Object.keys(versions),
  };
}

remove('package');
if (!isForImage) {
  remove('page', 'kernels', '.built', '.tsbuildinfo');
  run(process.execPath, 'scripts/setup.mjs', '--all');
}
copyFiles();
// Only now is esbuild there.
const { compile, stopCompiler } = await import('./setup/compile.mjs');
await compile(ROOT, PUBLISHED, { outdir: 'dist/package/dist', sourcemap: false });
await stopCompiler();
if (!isForImage) copyTypes();
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const kept = Object.fromEntries(FIELDS.map((field) => [field, manifest[field]]));
const published = { ...kept, ...(await provideDependencies(manifest)) };
writeFileSync(join(PACKAGE, 'package.json'), `${JSON.stringify(published, undefined, 2)}\n`);
if (!isForImage) {
  const { status } = spawnSync('npm pack ./dist/package --pack-destination dist --silent', {
    cwd: ROOT,
    shell: true,
    stdio: ['ignore', 1, 2],
  });
  process.exitCode = status ?? 1;
}
