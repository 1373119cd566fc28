/**
 * Packages that Tokenflare brings itself, without what it does not reach: most of tfjs is the same code in six forms
 * with their source maps. Each stays a package with its name, version and license, so that npm and its audit know it
 * (docs/decisions/0093-a-small-package.md).
 */
import { build } from 'esbuild';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { reachedDeclarations } from './declarations.mjs';
import { otherPackagesOutside, packageOf, readImports } from './imports.mjs';

/**
 * `files`: the files that are reached, as they are. `bundle`: one file, with all that the package depends on. What faces
 * the network is in neither list: npm installs it whole, so that a user gets a mend of it without waiting for us.
 */
export const SLIM = {
  '@huggingface/gguf': 'bundle',
  '@huggingface/hub': 'bundle',
  '@huggingface/jinja': 'files',
  '@huggingface/tokenizers': 'files',
  '@mixmark-io/domino': 'files',
  '@tensorflow/tfjs-backend-cpu': 'files',
  '@tensorflow/tfjs-backend-webgpu': 'files',
  '@tensorflow/tfjs-core': 'files',
  'cli-progress': 'bundle',
  'cli-table3': 'bundle',
  commander: 'files',
  'd3-array': 'bundle',
  fflate: 'files',
  htmlparser2: 'bundle',
  'node-sqlite3-wasm': 'files',
  papaparse: 'files',
  'pino-pretty': 'bundle',
  'prom-client': 'bundle',
  'rate-limiter-flexible': 'files',
  seedrandom: 'files',
  tinyqueue: 'files',
  turndown: 'files',
  unpdf: 'files',
  zod: 'files',
  'zod-openapi': 'files',
};

/** Files that no import names. */
const READ_AT_RUN_TIME = {
  'node-sqlite3-wasm': ['dist/node-sqlite3-wasm.wasm'],
};

/** tfjs asks for it where there is no `fetch`; every Node that is supported has one. */
const NEVER_REACHED = ['node-fetch'];

/** The innermost one of a path. */
const PACKAGE_FOLDER = /^.*node_modules\/(@[^/]+\/)?[^/]+/;
const LICENSE = /^(licen[cs]e|notice|copying)/i;
const FIELDS = [
  'name',
  'version',
  'description',
  'license',
  'repository',
  'type',
  'main',
  'types',
  'exports',
];

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

const licensesIn = (folder) => readdirSync(folder).filter((name) => LICENSE.test(name));

/** The licenses of packages, one after the other; of one without a text, what its package.json says. */
function licensesOf(folders) {
  const texts = folders.map((folder) => {
    const { name, version, license } = readJson(join(folder, 'package.json'));
    const files = licensesIn(folder).map((file) => readFileSync(join(folder, file), 'utf8').trim());
    return [`${name} ${version} (${license})`, ...files].join('\n\n');
  });
  return `${texts.join('\n\n---\n\n')}\n`;
}

/** Copies what is reached from a specifier; returns the specifiers of other packages that this code has. */
async function copyReached(root, name, specifier, folder, isTyped) {
  const source = join(root, 'node_modules', name);
  const reached = await readImports(root, [specifier], (inner) => inner === name);
  const files = reached.files.map((file) => relative(source, join(root, file)));
  const declarations = isTyped ? reachedDeclarations(source, files) : [];
  for (const file of [...files, ...declarations]) copy(join(source, file), join(folder, file));
  for (const file of READ_AT_RUN_TIME[name] ?? []) copy(join(source, file), join(folder, file));
  for (const file of licensesIn(source)) copy(join(source, file), join(folder, file));
  const manifest = readJson(join(source, 'package.json'));
  const kept = FIELDS.filter((field) => field in manifest).map((field) => [field, manifest[field]]);
  write(join(folder, 'package.json'), JSON.stringify(Object.fromEntries(kept), undefined, 2));
  return reached.specifiers.filter((specifier) => !NEVER_REACHED.includes(packageOf(specifier)));
}

/** The names that Node gives an importer, which are not to be seen in CommonJS by its syntax. */
async function exportsOf(name) {
  return Object.keys(await import(name)).filter((key) => key !== 'module.exports');
}

/** Writes a package and all that it depends on as one module. */
async function bundle(root, name, folder) {
  const names = await exportsOf(name);
  const { metafile } = await build({
    absWorkingDir: root,
    // `.mjs`: what CommonJS exports is its default, as for Node.
    stdin: {
      contents: `export { ${names.join(', ')} } from ${JSON.stringify(name)};`,
      resolveDir: root,
      sourcefile: 'index.mjs',
    },
    outfile: join(folder, 'index.js'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.12',
    banner: {
      js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);",
    },
    metafile: true,
    logLevel: 'warning',
    plugins: [otherPackagesOutside((inner) => SLIM[inner] !== 'files')],
  });
  const inside = Object.keys(metafile.inputs).flatMap((path) => PACKAGE_FOLDER.exec(path)?.[0] ?? []);
  const { version, description, license } = readJson(join(root, 'node_modules', name, 'package.json'));
  const manifest = { name, version, description, license, type: 'module', exports: './index.js' };
  write(join(folder, 'package.json'), JSON.stringify(manifest, undefined, 2));
  write(
    join(folder, 'LICENSES.txt'),
    licensesOf([...new Set(inside)].sort().map((path) => join(root, path))),
  );
}

/**
 * Puts slim packages into `node_modules` of a folder.
 *
 * @param specifiers that the code of the folder imports
 * @param typed names of packages that its declarations import
 * @returns the versions of the slim packages, and the names of the others that are imported
 */
export async function slimPackages(root, folder, specifiers, typed) {
  const folderOf = (name) => join(folder, 'node_modules', name);
  const wanted = new Set(specifiers);
  const copied = new Set();
  // A set that grows while it is gone through: copied code imports, too.
  for (const specifier of wanted) {
    const name = packageOf(specifier);
    if (SLIM[name] !== 'files') continue;
    copied.add(name);
    const found = await copyReached(root, name, specifier, folderOf(name), typed.has(name));
    for (const one of found) wanted.add(one);
  }
  const names = [...new Set([...wanted].map(packageOf))].sort();
  const bundled = names.filter((name) => SLIM[name] === 'bundle');
  for (const name of bundled) await bundle(root, name, folderOf(name));
  const versions = [...copied, ...bundled]
    .sort()
    .map((name) => [name, readJson(join(folderOf(name), 'package.json')).version]);
  return { versions: Object.fromEntries(versions), others: names.filter((name) => !(name in SLIM)) };
}
